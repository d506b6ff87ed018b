#include "farm/base/completion.h"

#include <algorithm>
#include <iterator>

#include "farm/base/bytes.h"
#include "farm/base/completion_scripts.h"

namespace farm {
namespace {

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<std::string> WordsAt(const Completion& completion, const std::string& command,
                                 const std::string& place) {
  for (const CompletedPlace& each : completion.places) {
    if (each.command == command && each.place == place) return each.words;
  }
  return {};
}

OfferedOption OfferOption(const CLI::Option& option, const Completion& completion,
                          const std::string& command) {
  OfferedOption offered;
  for (const std::string& name : option.get_lnames()) offered.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) offered.names.push_back("-" + name);
  offered.description = FirstLine(option.get_description());
  offered.takes_value = option.get_items_expected_max() > 0;
  for (const std::string& name : offered.names) {
    const std::vector<std::string> words = WordsAt(completion, command, name);
    offered.words.insert(offered.words.end(), words.begin(), words.end());
  }
  return offered;
}

OfferedCommand OfferCommand(const CompletedCommand& command, const Completion& completion) {
  OfferedCommand offered;
  const std::string prefix = command.words.empty() ? "" : command.words + " ";
  offered.path = command.words.empty() ? "" : " " + command.words;
  for (const CompletedCommand& each : completion.commands) {
    if (each.words.empty() || !each.words.starts_with(prefix)) continue;
    const std::string word = each.words.substr(prefix.size());
    if (word.empty() || word.find(' ') != std::string::npos) continue;
    offered.commands.push_back({word, each.description});
  }
  for (const CLI::Option* option : command.app->get_options()) {
    if (option->get_positional()) {
      const std::vector<std::string> words =
          WordsAt(completion, command.words, option->get_name(true));
      offered.words.insert(offered.words.end(), words.begin(), words.end());
      offered.files = offered.files || words.empty();
    } else {
      offered.options.push_back(OfferOption(*option, completion, command.words));
    }
  }
  return offered;
}

std::string Spaced(const std::vector<std::string>& words) { return Join(words, " "); }

// One case of bash's: what may follow one command.
std::string BashCase(const OfferedCommand& offer) {
  std::vector<std::string> options;
  std::vector<std::string> valued;
  for (const OfferedOption& option : offer.options) {
    options.insert(options.end(), option.names.begin(), option.names.end());
    if (option.takes_value) valued.insert(valued.end(), option.names.begin(), option.names.end());
  }
  std::vector<std::string> words = offer.words;
  for (const OfferedWord& command : offer.commands) words.push_back(command.word);
  return "    " + ShellQuoted(offer.path) + ") options=" + ShellQuoted(Spaced(options)) +
         " valued=" + ShellQuoted(" " + Spaced(valued) + " ") +
         " words=" + ShellQuoted(Spaced(words)) + " files=" + (offer.files ? "1" : "''") + " ;;\n";
}

std::string BashValues(const OfferedCommand& offer) {
  std::string cases;
  for (const OfferedOption& option : offer.options) {
    if (option.words.empty()) continue;
    for (const std::string& name : option.names) {
      cases += "      " + ShellQuoted(offer.path + " " + name) +
               ") words=" + ShellQuoted(Spaced(option.words)) + " files='' ;;\n";
    }
  }
  return cases;
}

}  // namespace

void AddCommands(const CompletedCommand& command, Completion& completion) {
  completion.commands.push_back(command);
  if (command.description.empty()) {
    completion.commands.back().description = FirstLine(command.app->get_description());
  }
  for (const CLI::App* app : command.app->get_subcommands([](const CLI::App*) { return true; })) {
    const std::string prefix = command.words.empty() ? "" : command.words + " ";
    AddCommands({prefix + app->get_name(), app}, completion);
  }
}

Completion CompletionOf(const CLI::App& app) {
  Completion completion{app.get_name(), {}, {}};
  AddCommands({"", &app}, completion);
  completion.places = {
      {"completion", "SHELL", {std::begin(kCompletionShells), std::end(kCompletionShells)}}};
  return completion;
}

std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string FunctionName(std::string_view program) {
  std::string name = "_" + std::string(program);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string QuotedPaths(const std::vector<OfferedCommand>& offers, std::string_view separator,
                        std::string (*quoted)(std::string_view)) {
  std::vector<std::string> paths;
  for (const OfferedCommand& offer : offers) {
    if (!offer.path.empty()) paths.push_back(quoted(offer.path));
  }
  return Join(paths, separator);
}

// What comes before the word under the cursor, up to the first that is no command, is the command.
// bash breaks words at "=" too: --root=fi are three of them.
std::string BashScript(const std::string& program, const std::vector<OfferedCommand>& offers) {
  const std::string function = FunctionName(program);
  const std::string paths = QuotedPaths(offers, "|", ShellQuoted);
  std::string script = "# Completion of " + program + " in bash: eval \"$(" + program +
                       " completion bash)\"\n" + function +
                       "() {\n"
                       "  local current=${COMP_WORDS[COMP_CWORD]} command='' i\n"
                       "  local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                       "  local options='' valued='' words='' files=''\n"
                       "  if [[ $current == = ]]; then\n"
                       "    current=''\n"
                       "  elif [[ $before == = ]]; then\n"
                       "    before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                       "  fi\n";
  if (!paths.empty()) {
    script +=
        "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
        "    case \"$command ${COMP_WORDS[i]}\" in\n"
        "      " +
        paths +
        ") command+=\" ${COMP_WORDS[i]}\" ;;\n"
        "      *) break ;;\n"
        "    esac\n"
        "  done\n";
  }
  script += "  case \"$command\" in\n";
  for (const OfferedCommand& offer : offers) script += BashCase(offer);
  script +=
      "  esac\n"
      "  if [[ $valued == *\" $before \"* ]]; then\n"
      "    words='' files=1\n"
      "    case \"$command $before\" in\n";
  for (const OfferedCommand& offer : offers) script += BashValues(offer);
  script +=
      "      *) ;;\n"
      "    esac\n"
      "  elif [[ $current == -* ]]; then\n"
      "    words=$options files=''\n"
      "  fi\n"
      "  COMPREPLY=()\n"
      "  [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  [[ -z $files ]] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "
      "\"$current\")\n"
      "  [[ -z $files ]] || compopt -o filenames 2>/dev/null\n"
      "}\n"
      "complete -F " +
      function + " " + program + "\n";
  return script;
}

Result<std::string> CompletionScript(const Completion& completion, std::string_view shell) {
  std::vector<OfferedCommand> offers;
  for (const CompletedCommand& command : completion.commands) {
    offers.push_back(OfferCommand(command, completion));
  }
  if (shell == "bash") return BashScript(completion.program, offers);
  if (shell == "fish") return FishScript(completion.program, offers);
  if (shell == "zsh") return ZshScript(completion.program, offers);
  constexpr std::size_t kShellShownMax = 40;
  return Error{
      ErrorCode::kInvalidInput,
      "completion: no shell \"" + Printable(shell, kShellShownMax) + "\"; want bash, fish or zsh"};
}

}  // namespace farm
