// farm bundle show and export, as values.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/cli/bundle_export.h"
#include "farm/cli/bundle_view.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

std::string FileNamed(const std::vector<ExportedFile>& files, const std::string& name) {
  for (const ExportedFile& file : files) {
    if (file.name == name) return file.bytes;
  }
  ADD_FAILURE() << "no file " << name;
  return "";
}

bool Has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(BundleView, SaysWhoWhatAndWhenOfEachLine) {
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  const LineView release = ViewBundleLine(made.lines[kReleaseLine]);
  EXPECT_EQ(release.kind, "release");
  EXPECT_EQ(release.uri, "https://farm.example/signer");
  ASSERT_EQ(release.subjects.size(), 2u);
  EXPECT_EQ(release.subjects[0].first, "hello.tar");
  EXPECT_EQ(release.token, maker.options().start + 400);
  EXPECT_EQ(release.log, maker.Log());
  EXPECT_EQ(release.tree_size, release.index + 1);
  ASSERT_EQ(release.cosignatures.size(), 2u);  // and no consistency line
  EXPECT_EQ(release.cosignatures[1].name, "witness.example/w1");
  EXPECT_EQ(release.cosignatures[1].time, maker.options().start + 410);

  const LineView request = ViewBundleLine(made.lines[kRequestLine]);
  EXPECT_EQ(request.uri, "");
  EXPECT_EQ(request.says, "requester");
  EXPECT_EQ(request.key_id, maker.Key("requester").public_key().KeyId());
  const std::string text = LineText(request, 2);
  EXPECT_TRUE(Has(text, "2  request\n")) << text;
  EXPECT_TRUE(Has(text, "says it is requester\n")) << text;
}

TEST(BundleView, ShowsALineThatNothingVouchesFor) {
  EvidenceMaker maker;
  LineDraft draft = maker.Draft(Request{Digest(), "a", "1", "me\x1b[2J", 0}, "requester", 0);
  draft.stamped = draft.logged = false;
  Bundle line = maker.Sign(draft);
  const LineView view = ViewBundleLine(line);
  EXPECT_FALSE(view.token);
  EXPECT_EQ(view.log, "");
  EXPECT_TRUE(Has(LineText(view, 1), "no entry"));
  EXPECT_TRUE(LineJson(view).at("timeStamp").is_null());
  EXPECT_FALSE(Has(LineText(view, 1), "\x1b"));  // a terminal obeys nothing of it

  line.envelope.payload = "{}";
  const LineView unreadable = ViewBundleLine(line);
  EXPECT_EQ(unreadable.kind, "");
  EXPECT_TRUE(Has(LineText(unreadable, 1), "unreadable: statement"));
  EXPECT_NE(LineJson(unreadable).at("problem"), "");
}

TEST(BundleExport, WritesTheBytesThatWereSigned) {
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  const std::vector<ExportedFile> files = ExportBundle(made.lines, maker.root());
  EXPECT_EQ(files.front().name, "README");
  const Bundle& record = made.lines[kFirstRecordLine];
  EXPECT_EQ(FileNamed(files, "4-record/pae.bin"), record.envelope.PaeBytes());
  EXPECT_EQ(FileNamed(files, "4-record/signature.der"), record.envelope.signature);
  EXPECT_EQ(FileNamed(files, "4-record/certificate.pem"), record.certificate->Pem());
  EXPECT_EQ(FileNamed(files, "4-record/issuers-root.pem"),
            maker.root().operators[0].authorities[0].chain[0].Pem());
  EXPECT_EQ(FileNamed(files, "4-record/time-stamp.tsr"), *record.timestamp);
  EXPECT_EQ(FileNamed(files, "4-record/leaf.json"), record.log_entry->canonicalized_body);
  const std::string message = FileNamed(files, "4-record/witness-2.txt");
  EXPECT_TRUE(maker.Key("witness-1")
                  .public_key()
                  .Verify(message, FileNamed(files, "4-record/witness-2.sig")));
}

TEST(BundleExport, SaysWhatTheRootDoesNotKnow) {
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  TrustRoot root = maker.root();
  root.operators.clear();
  root.timestamp_authorities.clear();
  root.logs.clear();
  root.witnesses.clear();
  const std::vector<ExportedFile> files = ExportBundle({made.lines[kReleaseLine]}, root);
  const std::string& readme = files.front().bytes;
  EXPECT_TRUE(Has(readme, "The root does not know the name in certificate.pem.")) << readme;
  EXPECT_TRUE(Has(readme, "the root lists no authority for it")) << readme;
  EXPECT_FALSE(Has(readme, "openssl verify"));
  EXPECT_FALSE(Has(readme, "openssl ts"));
  EXPECT_FALSE(Has(readme, "pkeyutl"));

  // Another operator's CA is none of the signer's.
  TrustRoot swapped = maker.root();
  std::swap(swapped.operators[0].authorities, swapped.operators[1].authorities);
  const auto others = ExportBundle({made.lines[kReleaseLine]}, swapped);
  EXPECT_TRUE(Has(others.front().bytes, "No CA of operator operator-0 issued certificate.pem."));
}

// What stands in README is run by people in a shell: nothing of a bundle may end a command.
TEST(BundleExport, NothingForeignStandsInACommand) {
  EvidenceMaker maker;
  MadeRelease made = maker.Make();
  made.lines[kRequestLine].envelope.payload_type = "';touch owned;'\n    touch owned";
  const std::vector<ExportedFile> files = ExportBundle({made.lines[kRequestLine]}, maker.root());
  for (const std::string& line : Split(files.front().bytes, '\n')) {
    if (line.starts_with("    ")) {
      EXPECT_FALSE(Has(line, "touch")) << line;
    }
  }
}

}  // namespace
}  // namespace farm
