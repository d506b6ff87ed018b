#include "tests/support/verdict_case.h"

#include <cstdlib>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

void Must(const Status& status) { CHECK(status.has_value()); }

void WriteFile(const std::string& directory, const std::string& name, const std::string& bytes) {
  Must(MakeDirectories(directory, 0755));
  Must(WriteDurably(RealFileSystem(), JoinPath(directory, name), bytes));
}

}  // namespace

void WriteVerdictCase(const std::string& name, const VerdictInput& input, const MadeRelease& made,
                      const EvidenceMaker& maker) {
  const char* const cases = std::getenv("FARM_VERDICT_CASES");
  if (cases == nullptr || *cases == '\0') return;
  const bool remembered =
      input.newest_root_version || input.newest_sequence || input.seen != SeenStatuses{};
  const bool wished = input.product || input.version || input.renamed;
  const bool later = input.status || !input.certifications.empty() || !input.replays.empty();
  if (remembered || wished || later) return;
  const std::string directory = JoinPath(cases, name);
  CHECK(!FileExists(directory));  // two cases of one name
  // The artifact that was meant, or bytes that are none.
  std::string file = "other bytes";
  for (const auto& [unused, bytes] : made.artifacts) {
    if (Sha256(bytes) == input.file_digest && bytes.size() == input.file_size) file = bytes;
  }
  WriteFile(JoinPath(directory, "FILE"), input.file_name, file);
  WriteFile(directory, "bundle", MadeRelease{input.lines, {}}.FileText());
  WriteFile(directory, "root.json", WriteTrustRoot(input.root, {maker.Key("root")}));
  WriteFile(directory, "policy.json", WritePolicy(input.policy));
  if (input.allow_development_root) WriteFile(directory, "allow", "");
}

}  // namespace farm
