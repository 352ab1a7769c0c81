import { Argument, type Command } from "commander";
import type { CliCommand } from "./doors.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** What a shell completes: commands with their options, and arguments of which all values are known. */
interface Node {
  readonly name: string;
  readonly about: string;
  readonly options: readonly { readonly flags: readonly string[]; readonly about: string; readonly takesValue: boolean }[];
  readonly values: readonly string[];
}

/** `tocsin completion`: a script that completes commands and options, made from the commands themselves. */
export const completion: CliCommand = {
  name: "completion",
  register(program, doors) {
    program
      .command("completion")
      .description("Print a completion script for a shell.")
      .addArgument(new Argument("<shell>", "for which shell").choices(SHELLS))
      .addHelpText("after", `\nExample:\n  tocsin completion bash > /etc/bash_completion.d/tocsin\n  tocsin completion zsh > "\${fpath[1]}/_tocsin"\n  tocsin completion fish > ~/.config/fish/completions/tocsin.fish`)
      .action((shell: Shell) => doors.terminal.out(completionScript(shell, nodesOf(program))));
  },
};

function nodesOf(program: Command): readonly Node[] {
  return program.commands.map((command) => ({
    name: command.name(),
    about: oneLine(command.description()),
    options: [...command.options.map((option) => ({ flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null), about: oneLine(option.description), takesValue: option.required || option.optional })), { flags: ["-h", "--help"], about: "print this help", takesValue: false }],
    values: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  }));
}

/** Quotes and brackets mean something to every shell; words do without. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").replaceAll(/['"`$\\[\]:]/g, "");

function completionScript(shell: Shell, nodes: readonly Node[]): string {
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return zsh(nodes);
    case "fish":
      return fish(nodes);
    default:
      return shell satisfies never;
  }
}

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ name, options, values }) => `    ${name}) words="${[...values, ...options.flatMap(({ flags }) => flags)].join(" ")}" ;;`);
  return `# bash completion of tocsin
_tocsin() {
  local word=\${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${nodes.map(({ name }) => name).join(" ")} --help --version"
  else
    case \${COMP_WORDS[1]} in
${cases.join("\n")}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _tocsin tocsin
`;
}

function zsh(nodes: readonly Node[]): string {
  const cases = nodes.map(({ name, options, values }) => {
    const lines = options.flatMap(({ flags, about, takesValue }) => flags.map((flag) => `'${flag}[${about}]${takesValue ? ":value:_files" : ""}'`));
    return `    ${name}) _arguments ${[...lines, values.length > 0 ? `'*:value:(${values.join(" ")})'` : "'*:file:_files'"].join(" ")} ;;`;
  });
  return `#compdef tocsin
_tocsin() {
  local -a commands
  commands=(${nodes.map(({ name, about }) => `'${name}:${about}'`).join(" ")})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join("\n")}
  esac
}
_tocsin "$@"
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = ["# fish completion of tocsin"];
  for (const { name, about, options, values } of nodes) {
    lines.push(`complete -c tocsin -n __fish_use_subcommand -a ${name} -d '${about}'`);
    for (const option of options) {
      const flags = option.flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(" ");
      lines.push(`complete -c tocsin -n '__fish_seen_subcommand_from ${name}' ${flags}${option.takesValue ? " -r" : ""} -d '${option.about}'`);
    }
    if (values.length > 0) lines.push(`complete -c tocsin -f -n '__fish_seen_subcommand_from ${name}' -a '${values.join(" ")}'`);
  }
  return `${lines.join("\n")}\n`;
}
