#include "farm/base/bytes.h"
#include "farm/base/completion_scripts.h"

namespace farm {
namespace {

// "name:description" for _describe; a colon of the name would end it.
std::string Described(const std::string& word, const std::string& description) {
  std::string text;
  for (const char c : word) text += c == ':' ? "\\:" : std::string(1, c);
  return ShellQuoted(text + ":" + description);
}

std::string QuotedWords(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(ShellQuoted(word));
  return Join(quoted, " ");
}

std::string ZshCase(const OfferedCommand& offer) {
  std::vector<std::string> commands;
  for (const OfferedWord& command : offer.commands) {
    commands.push_back(Described(command.word, command.description));
  }
  std::vector<std::string> options;
  std::string valued = " ";
  for (const OfferedOption& option : offer.options) {
    for (const std::string& name : option.names) {
      options.push_back(Described(name, option.description));
      if (option.takes_value) valued += name + " ";
    }
  }
  return "    (" + ShellQuoted(offer.path) + ")\n      commands=(" + Join(commands, " ") +
         ")\n      options=(" + Join(options, " ") + ")\n      values=(" +
         QuotedWords(offer.words) + ")\n      valued=" + ShellQuoted(valued) +
         " files=" + (offer.files ? "1" : "''") + " ;;\n";
}

std::string ZshValues(const OfferedCommand& offer) {
  std::string cases;
  for (const OfferedOption& option : offer.options) {
    if (option.words.empty()) continue;
    for (const std::string& name : option.names) {
      cases += "      (" + ShellQuoted(offer.path + " " + name) + ") compadd -- " +
               QuotedWords(option.words) + " ;;\n";
    }
  }
  return cases;
}

std::string FishQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
  return quoted + "'";
}

// fish calls a function for the command so far; "x" in front keeps an empty answer a word.
std::string FishOffer(const std::string& program, const OfferedCommand& offer) {
  const std::string start =
      "complete -c " + program + " -n " +
      FishQuoted("test (_" + FunctionName(program) + "_command) = " + FishQuoted("x" + offer.path));
  std::string lines;
  if (!offer.files) lines += start + " -f\n";
  for (const OfferedWord& command : offer.commands) {
    lines +=
        start + " -a " + FishQuoted(command.word) + " -d " + FishQuoted(command.description) + "\n";
  }
  if (!offer.words.empty()) lines += start + " -a " + FishQuoted(Join(offer.words, " ")) + "\n";
  for (const OfferedOption& option : offer.options) {
    std::string line = start;
    for (const std::string& name : option.names) {
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.takes_value) {
      line += option.words.empty() ? " -r -F" : " -x -a " + FishQuoted(Join(option.words, " "));
    }
    lines += line + " -d " + FishQuoted(option.description) + "\n";
  }
  return lines;
}

}  // namespace

std::string ZshScript(const std::string& program, const std::vector<OfferedCommand>& offers) {
  const std::string function = FunctionName(program);
  const std::string paths = QuotedPaths(offers, "|", ShellQuoted);
  std::string script = "#compdef " + program + "\n# Completion of " + program +
                       " in zsh: eval \"$(" + program + " completion zsh)\"\n" + function +
                       "() {\n"
                       "  local command='' before=${words[CURRENT-1]} valued='' files=''\n"
                       "  local -i i\n"
                       "  local -a commands options values\n";
  if (!paths.empty()) {
    script +=
        "  for ((i = 2; i < CURRENT; ++i)); do\n"
        "    case \"$command ${words[i]}\" in\n"
        "      (" +
        paths +
        ") command+=\" ${words[i]}\" ;;\n"
        "      (*) break ;;\n"
        "    esac\n"
        "  done\n";
  }
  script += "  case \"$command\" in\n";
  for (const OfferedCommand& offer : offers) script += ZshCase(offer);
  script +=
      "  esac\n"
      "  if [[ $valued == *\" $before \"* ]]; then\n"
      "    case \"$command $before\" in\n";
  for (const OfferedCommand& offer : offers) script += ZshValues(offer);
  script +=
      "      (*) _files ;;\n"
      "    esac\n"
      "  elif [[ ${words[CURRENT]} == -* ]]; then\n"
      "    _describe -o option options\n"
      "  else\n"
      "    (( ${#commands} )) && _describe command commands\n"
      "    (( ${#values} )) && compadd -- $values\n"
      "    [[ -n $files ]] && _files\n"
      "  fi\n"
      "}\n"
      "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }\n"
      "compdef " +
      function + " " + program + "\n";
  return script;
}

std::string FishScript(const std::string& program, const std::vector<OfferedCommand>& offers) {
  const std::string paths = QuotedPaths(offers, " ", FishQuoted);
  std::string script = "# Completion of " + program + " in fish: " + program +
                       " completion fish | source\nfunction _" + FunctionName(program) +
                       "_command\n"
                       "  set -l command ''\n"
                       "  set -l typed (commandline -opc)\n";
  if (!paths.empty()) {
    script +=
        "  for word in $typed[2..-1]\n"
        "    switch \"$command $word\"\n"
        "      case " +
        paths +
        "\n        set command \"$command $word\"\n"
        "      case '*'\n        break\n"
        "    end\n"
        "  end\n";
  }
  script += "  echo \"x$command\"\nend\n";
  for (const OfferedCommand& offer : offers) script += FishOffer(program, offer);
  return script;
}

}  // namespace farm
