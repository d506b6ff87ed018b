#include "farm/cli/release_view.h"

#include <algorithm>
#include <cctype>

#include "farm/base/files.h"
#include "farm/json/json.h"

namespace farm {

std::string SiteName(const v1::SiteInfo& site) { return BaseName(site.builder_id()); }

std::string StageName(v1::Stage stage) {
  std::string name = v1::Stage_Name(stage);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  });
  return name;
}

bool HasEnded(v1::Stage stage) {
  return stage == v1::RELEASED || stage == v1::DISSENT || stage == v1::BUILD_FAILED ||
         stage == v1::CANCELLED || stage == v1::REFUSED;
}

ExitCode ExitOf(const v1::ReleaseInfo& info) {
  if (info.stage() == v1::RELEASED) return ExitCode::kProved;
  return info.exit_code() == 0 ? ExitCode::kInternal : static_cast<ExitCode>(info.exit_code());
}

std::string SitesLine(const v1::ReleaseInfo& info, std::optional<long long> seconds) {
  std::string line = StageName(info.stage());
  if (seconds) line += "  " + FormatDuration(*seconds);
  for (const v1::SiteInfo& site : info.site()) {
    line += "   " + SiteName(site) + " ";
    const bool building = site.state() == "building";
    if (building && site.actions_total() > 0) {
      line += ProgressBar(site.actions_done(), site.actions_total()) + " " +
              std::to_string(site.actions_done()) + "/" + std::to_string(site.actions_total()) +
              " actions";
    } else {
      line += site.state();
    }
    if (building && !site.detail().empty()) line += " (" + site.detail() + ")";
  }
  return line;
}

Json InfoJson(const v1::ReleaseInfo& info) {
  Json sites = Json::array();
  for (const v1::SiteInfo& site : info.site()) {
    sites.push_back({{"builder", site.builder_id()},
                     {"state", site.state()},
                     {"actionsDone", site.actions_done()},
                     {"actionsTotal", site.actions_total()},
                     {"detail", site.detail()}});
  }
  Json files = Json::array();
  for (const v1::PublishedFile& file : info.file()) {
    files.push_back({{"name", file.name()}, {"digest", file.digest()}, {"size", file.size()}});
  }
  Json json = {{"release", info.release_id()},
               {"product", info.product()},
               {"version", info.version()},
               {"manifest", info.manifest_digest()},
               {"stage", StageName(info.stage())},
               {"created", info.created()},
               {"sequence", info.sequence()},
               {"logIndex", info.log_index()},
               {"attempt", info.attempt()},
               {"sites", sites},
               {"files", files},
               {"published", info.published_directory()}};
  if (HasEnded(info.stage())) json["exit"] = static_cast<int>(ExitOf(info));
  return json;
}

std::string InfoText(const v1::ReleaseInfo& info) {
  std::string text = info.release_id() + "  " + StageName(info.stage()) + "\n  manifest " +
                     info.manifest_digest() + "\n  since    " + info.created() + "   attempt " +
                     std::to_string(info.attempt()) + "\n";
  if (info.stage() == v1::RELEASED) {
    text += "  sequence " + std::to_string(info.sequence()) + "   log index " +
            std::to_string(info.log_index()) + "   published " + info.published_directory() + "\n";
  }
  for (const v1::SiteInfo& site : info.site()) {
    text += "  " + SiteName(site) + "  " + site.state() +
            (site.detail().empty() ? "" : "  " + site.detail()) + "\n";
  }
  for (const v1::PublishedFile& file : info.file()) {
    text += "  " + file.digest() + "  " + file.name() + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace farm
