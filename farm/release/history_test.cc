// What farmd reads in the log by itself.
#include "farm/release/history.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "farm/evidence/dsse.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// A log that gives its lines once, and is asked for nothing else.
class GivenLog final : public Notary {
 public:
  void Add(const Bundle& line) { lines_.push_back(line); }
  Result<Bundle> Sign(const Statement&) override { return Nothing(); }
  Result<Bundle> Stamp(const Bundle&) override { return Nothing(); }
  Result<Bundle> Append(const Bundle&, std::uint64_t) override { return Nothing(); }
  Result<Bundle> AddConsistency(const Bundle&, const std::vector<Bundle>&) override {
    return Nothing();
  }
  Result<NewLeaves> ReadNew() override {
    NewLeaves read;
    for (const Bundle& line : std::exchange(lines_, {})) {
      ASSIGN_OR_RETURN(LeafFacts facts, ParseCanonicalizedBody(line.log_entry->canonicalized_body));
      read.leaves.push_back(
          {line.log_entry->index, std::move(facts),
           [pae = line.envelope.PaeBytes()] { return Result<std::string>(pae); }});
    }
    return read;
  }

 private:
  static Error Nothing() { return {ErrorCode::kInternal, "not asked here"}; }
  std::vector<Bundle> lines_;
};

// Else one entry by a signer would keep farmd from announcing anything, for ever.
TEST(History, PassesOverAReleaseWhoseManifestDoesNotRead) {
  EvidenceMaker maker;
  GivenLog log;
  const auto add = [&](const std::string& manifest) {
    const MadeRelease made = maker.Make([&](LineDraft& draft) {
      if (auto* release = std::get_if<Release>(&draft.statement)) release->manifest = manifest;
    });
    for (const Bundle& line : made.lines) log.Add(line);
  };
  add("{}");
  add("no manifest");
  History history(maker.root());
  ASSERT_TRUE(history.Refresh(log));
  EXPECT_TRUE(history.releases().empty());
  add(maker.manifest());
  ASSERT_TRUE(history.Refresh(log));
  EXPECT_NE(history.FindRelease("hello", "1.0"), nullptr);
  // A newer farm may have released it, under a name that is not read here.
  add(R"({"format":"farm-manifest/2"})");
  EXPECT_EQ(history.Refresh(log).error().Exit(), ExitCode::kUnavailable);
}

}  // namespace
}  // namespace farm
