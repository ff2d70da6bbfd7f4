# SPDX-License-Identifier: MIT
# Completion of scratchfs for fish.

set -l commands umount run list status diff explain doctor keep absorb audit prune volume
set -l verbs create ls inspect exists df export import rm prune

function __scratchfs_volumes
    scratchfs volume ls --quiet 2>/dev/null
end

function __scratchfs_mountpoints
    string match -r '^(?:\S+ ){4}(\S+) .* - fuse\.scratchfs ' </proc/self/mountinfo |
        string match -v '* *' | string replace -a '\040' ' '
end

set -l first "not __fish_seen_subcommand_from $commands"
set -l mounting "not __fish_seen_subcommand_from umount list status diff doctor prune volume"

complete -c scratchfs -n "$first" -a "umount" -d "Unmount a view, throw its scratch away"
complete -c scratchfs -n "$first" -a "run" -d "Run a command in a view of its own"
complete -c scratchfs -n "$first" -a "list" -d "List the views"
complete -c scratchfs -n "$first" -a "status" -d "Say all about a view"
complete -c scratchfs -n "$first" -a "diff" -d "List what unmounting would throw away"
complete -c scratchfs -n "$first" -a "explain" -d "Say where paths live, and why"
complete -c scratchfs -n "$first" -a "doctor" -d "Say what this machine lacks"
complete -c scratchfs -n "$first" -a "keep" -d "Copy scratch files to the host"
complete -c scratchfs -n "$first" -a "absorb" -d "Move leftovers of the host into a volume"
complete -c scratchfs -n "$first" -a "audit" -d "List leftovers of the host"
complete -c scratchfs -n "$first" -a "prune" -d "Remove stores that nobody uses"
complete -c scratchfs -n "$first" -a "volume" -d "Look after volumes"

complete -c scratchfs -n "$mounting" -s s -l scratch -x -d "Keep names off the host"
complete -c scratchfs -n "$mounting" -s r -l readonly -x -d "Make names read-only"
complete -c scratchfs -n "$mounting" -s c -l config -r -d "Read this file"
complete -c scratchfs -n "$mounting" -l no-config -d "Read no configuration file"
complete -c scratchfs -n "$mounting" -s p -l profile -x -d "Add a profile"
complete -c scratchfs -n "$mounting" -l volume -x -a "(__scratchfs_volumes)" -d "Keep the scratch in a volume"
complete -c scratchfs -n "$mounting" -l store -r -d "Where scratch lives"
complete -c scratchfs -n "$mounting" -l size -x -d "How much scratch there may be"
complete -c scratchfs -n "$mounting" -l fresh -d "Discard what a dead mount left"
complete -c scratchfs -n "$mounting" -l cache -x -a "auto strict" -d "What to trust"
complete -c scratchfs -n "$mounting" -l io -x -a "auto cached passthrough" -d "How bytes travel"
complete -c scratchfs -n "$mounting" -l transport -x -a "auto dev uring" -d "How requests travel"
complete -c scratchfs -n "$mounting" -l locks -x -a "local shared" -d "Where locks hold"
complete -c scratchfs -n "$mounting" -l border-copy -x -d "Largest file a rename may copy"
complete -c scratchfs -n "$mounting" -s f -l foreground -d "Stay in the foreground"
complete -c scratchfs -n "$mounting" -s d -l debug -d "Print every request"
complete -c scratchfs -n "$mounting" -s o -x -a "ro rw allow_other suid nosuid dev nodev exec noexec atime noatime diratime nodiratime async sync dirsync" -d "Mount options"
complete -c scratchfs -s h -l help -d "Print help"
complete -c scratchfs -s V -l version -d "Print the version"

complete -c scratchfs -f -n "__fish_seen_subcommand_from umount status diff" -a "(__scratchfs_mountpoints)"
complete -c scratchfs -n "__fish_seen_subcommand_from umount" -l volume -x -d "Keep the scratch as a volume"
complete -c scratchfs -n "__fish_seen_subcommand_from umount" -l lazy -d "Detach it"
complete -c scratchfs -n "__fish_seen_subcommand_from umount prune" -l dry-run -d "Only say what would go"
complete -c scratchfs -n "__fish_seen_subcommand_from list status diff explain audit doctor prune volume" -l json -d "Print JSON"
complete -c scratchfs -f -n "__fish_seen_subcommand_from volume; and not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c scratchfs -n "__fish_seen_subcommand_from volume; and __fish_seen_subcommand_from $verbs" -a "(__scratchfs_volumes)"
