// The fixed words of the statements, shared by their writer and their reader.  Private to this
// folder; FORMAT.md is their manual.
#pragma once

#include <string_view>

namespace farm::statement_names {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";

inline constexpr std::string_view kRequestType = "https://farm.example/request/v1";
inline constexpr std::string_view kApprovalType = "https://farm.example/approval/v1";
inline constexpr std::string_view kIntentType = "https://farm.example/intent/v1";
inline constexpr std::string_view kRecordType = "https://slsa.dev/provenance/v1";
inline constexpr std::string_view kReleaseType = "https://farm.example/release/v1";
inline constexpr std::string_view kDissentType = "https://farm.example/dissent/v1";
inline constexpr std::string_view kKitType = "https://farm.example/kit/v1";
inline constexpr std::string_view kReplayType = "https://farm.example/replay/v1";
inline constexpr std::string_view kWithdrawalType = "https://farm.example/withdrawal/v1";
inline constexpr std::string_view kSiteLocationType = "https://farm.example/site-location/v1";
inline constexpr std::string_view kStatusType = "https://farm.example/status/v1";

inline constexpr std::string_view kBuildType = "https://farm.example/buildtypes/hermetic/v1";

// Names of subjects that are not artifacts.
inline constexpr std::string_view kManifestSubject = "manifest";
inline constexpr std::string_view kKitSubject = "kit";
inline constexpr std::string_view kReleaseSubject = "release";
inline constexpr std::string_view kSiteSubject = "site";  // its digest is that of the builder id

// Names in a record's resolvedDependencies.
inline constexpr std::string_view kLockDependency = "lock";
inline constexpr std::string_view kRootTarDependency = "root.tar";
inline constexpr std::string_view kImageDependency = "image";
inline constexpr std::string_view kSourceDependency = "source:";

inline constexpr std::string_view kResultSucceeded = "succeeded";
inline constexpr std::string_view kResultFailed = "failed";
inline constexpr std::string_view kLimitsKernel = "kernel";
inline constexpr std::string_view kLimitsObserved = "observed";

}  // namespace farm::statement_names
