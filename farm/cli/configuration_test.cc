// farm/client/CONFIGURATION.md is what operators write their files by: held to what `farm init`
// makes, which the daemons read.
#include <gtest/gtest.h>

#include <set>

#include "farm/base/files.h"
#include "farm/cli/init.h"
#include "farm/client/config.h"

namespace farm {
namespace {

// Every field of a configuration: "log.url", "sites[].id".  Names that operators choose are "*".
void AddFields(const Json& value, const std::string& path, std::set<std::string>& fields) {
  if (value.is_array()) {
    for (const Json& element : value) AddFields(element, path + "[]", fields);
  } else if (value.is_object()) {
    for (const auto& [name, field] : value.items()) {
      const std::string shown = path == "roles" ? "*" : name;
      AddFields(field, path.empty() ? shown : path + "." + shown, fields);
    }
  } else {
    fields.insert(path);
  }
}

std::set<std::string> FieldsOf(const Json& config) {
  std::set<std::string> fields;
  AddFields(config, "", fields);
  return fields;
}

// The example below the heading "## PROGRAM".
Json Documented(const std::string& document, const std::string& program) {
  const std::string open = "```json\n";
  const std::size_t section = document.find("\n## " + program + "\n");
  const std::size_t begin = document.find(open, section);
  const std::size_t end = document.find("\n```", begin);
  if (section == std::string::npos || end == std::string::npos) return nullptr;
  const auto json = ParseJson(document.substr(begin + open.size(), end - begin - open.size()),
                              "example of " + program);
  EXPECT_TRUE(json) << json.error().message;
  return json ? *json : Json();
}

TEST(Configuration, EveryProgramsFieldsAreDocumentedAsTheyAreRead) {
  const TemporaryDirectory directory = TemporaryDirectory::Make("").value();
  InitOptions options;
  options.directory = JoinPath(directory.path(), "farm");
  options.programs = "/bin";
  const auto parties = InitDevelopment(options, FixedClock(1795477230));
  ASSERT_TRUE(parties) << parties.error().message;
  const auto document = ReadFile("farm/client/CONFIGURATION.md", 1 << 20);
  ASSERT_TRUE(document) << document.error().message;
  std::set<std::string> programs;
  for (const Party& party : *parties) {
    const std::string program = party.program.empty() ? "farm" : party.program;
    programs.insert(program);
    const auto config =
        ReadConfig(JoinPath(options.directory, "parties/" + party.name + "/config.json"));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(FieldsOf(Documented(*document, program)), FieldsOf(config->json)) << party.name;
  }
  EXPECT_EQ(programs.size(), 7u);
}

}  // namespace
}  // namespace farm
