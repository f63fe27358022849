// `parallax completion bash|zsh|fish`: prints a completion script made from the commands as they are.

import { type Command, Command as CommandClass } from 'commander';

const shells = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function completionCommand(root: Command): Command {
  return new CommandClass('completion')
    .description('print a completion script; for bash: source <(parallax completion bash)')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      if (!isShell(shell)) throw new Error(`no completion for "${shell}"; choose bash, zsh or fish.`);
      process.stdout.write(shells[shell](wordsByCommand(root)));
    });
}

function isShell(shell: string): shell is keyof typeof shells {
  return Object.hasOwn(shells, shell);
}

/** Words that may follow each command path; the empty path is `parallax` itself. */
export function wordsByCommand(root: Command): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    const options = command.options.flatMap((option) => (option.long == null ? [] : [option.long]));
    words.set(path.join(' '), [...command.commands.map((child) => child.name()), ...options, '--help']);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(root, []);
  return words;
}

function bashScript(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, list]) => `    "${path}") words="${list.join(' ')}" ;;`);
  return `_parallax() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _parallax parallax
`;
}

function zshScript(words: ReadonlyMap<string, readonly string[]>): string {
  return `#compdef parallax\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
}

function fishScript(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].flatMap(([path, list]) => {
    const condition = path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
    return list.map((word) =>
      word.startsWith('--')
        ? `complete -c parallax -n '${condition}' -l ${word.slice(2)}`
        : `complete -c parallax -f -n '${condition}' -a ${word}`,
    );
  });
  return `${lines.join('\n')}\n`;
}
