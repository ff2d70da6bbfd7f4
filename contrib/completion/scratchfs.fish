# SPDX-License-Identifier: MIT
# Completion of scratchfs for fish.  What options there are, --help says.

function __scratchfs_commands
    printf '%s\t%s\n' \
        umount "End a view and throw its scratch away" \
        run "Run a command in a view of its own" \
        list "Show what is mounted where" \
        status "Show what a view holds" \
        diff "List what unmounting would throw away" \
        keep "Copy scratch files to their place on the host" \
        absorb "Move what the host has of scratch into a volume" \
        audit "List what the host has of scratch" \
        explain "Say where a path lives, and why" \
        doctor "Say what this machine lacks, and what mends it" \
        prune "Collect the scratch of views that are gone" \
        volume "Look after scratch that is kept"
end

function __scratchfs_volumes
    scratchfs volume ls --quiet 2>/dev/null
end

function __scratchfs_mountpoints
    for point in (string replace -rf '^(?:\S+ ){4}(\S+) .* - fuse\.scratchfs .*' '$1' </proc/self/mountinfo)
        printf '%b\n' (string replace -a '\\' '\\0' -- $point)
    end
end

# The options of [COMMAND [VERB]]; where its --help says so, a mount's as well.
function __scratchfs_options
    set -l text (scratchfs $argv --help 2>/dev/null)
    if string match -q '*those of a mount*' -- $text
        set -a text (scratchfs --help 2>/dev/null)
    end
    string match -v '  -h, *' -- $text |
        string replace -rf '^ *(?:-[A-Za-z], )?(--[a-z][a-z-]*)(?: \S+)? +(.*)' '$1\t$2'
    string match -q '  -o OPT*' -- $text; and printf '%s\t%s\n' -o "Mount options"
    string match -q '*--version' -- $text; and printf '%s\t%s\n' --version "Print the version"
    printf '%s\t%s\n' --help "Print help"
end

# The words of -o, behind those that are there already.
function __scratchfs_list
    set -l before (string replace -rf '^(.*,).*' '$1' -- $argv[1])
    set -l text (scratchfs --help 2>/dev/null)
    set -l words (string match -r '^    [a-z_ ]+$' -- $text[4..] | string trim | string split ' ')
    set -a words (string replace -rf '^ *(?:-[A-Za-z], )?--([a-z-]+) \S.*' '$1=' -- $text | string replace -a -- - _)
    set -a words (string replace -rf '^ *(?:-[A-Za-z], )?--([a-z-]+)  .*' '$1' -- $text | string match -v help | string replace -a -- - _)
    printf "$before%s\n" $words
end

# The values of an option, where --help lists them.
function __scratchfs_values
    scratchfs --help 2>/dev/null |
        string replace -rf -- "^ *$argv[1] ([a-z]+\|[a-z|]+).*" '$1' | string split '|'
end

# The argument of an option; fails if that takes none.
function __scratchfs_argument -a option cur command verb
    switch $option
        case --volume
            __scratchfs_volumes
        case -c --config --output
            __fish_complete_path $cur
        case --store --source
            __fish_complete_directories $cur
        case --cache --io --transport --locks --events
            __scratchfs_values $option
        case -o
            if test "$command" != volume
                __scratchfs_list $cur
            else if test "$verb" = export
                __fish_complete_path $cur
            end
        case -s --scratch -r --readonly -p --profile --size --border-copy --at \
            --filter --format --label --opt --driver --time
        case '*'
            return 1
    end
    return 0
end

function __scratchfs_volume -a count verb cur
    if test $count = 2
        scratchfs volume --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
    else if test "$verb" = import; and test $count -gt 3
        __fish_complete_path $cur
    else if test "$verb" != create
        __scratchfs_volumes
    end
end

# run SOURCE COMMAND: prints the number of words up to the command, if that is
# begun; SOURCE is the first word that is a folder.
function __scratchfs_before_command
    for i in (seq 3 (count $argv))
        if test -d (string replace -r '^~' ~ -- $argv[$i])
            test "$argv[$(math $i + 1)]" = --; and set i (math $i + 1)
            echo $i
            return
        end
    end
end

function __scratchfs_operand
    set -l cur $argv[1]
    set -l words $argv[2..]
    switch "$words[2]"
        case volume
            __scratchfs_volume (count $words) "$words[3]" $cur
        case umount status diff
            __scratchfs_mountpoints
        case list doctor prune
        case keep explain
            __fish_complete_path $cur
        case '*'
            test (count $words) = 1; and __scratchfs_commands
            __fish_complete_directories $cur ""
    end
end

function __scratchfs_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -l at
    if test "$words[2]" = run
        set -l before (__scratchfs_before_command $words)
        if test -n "$before"
            complete -C (string join ' ' -- (string escape -- $words[(math $before + 1)..]) $cur)
            return
        end
    end
    if contains -- "$words[2]" (__scratchfs_commands | string replace -r '\t.*' '')
        set at $words[2]
        test $at = volume; and set -a at $words[3]
    end
    if string match -qr -- '^--[^=]*=' $cur
        set -l option (string replace -r '=.*' '' -- $cur)
        set -l values (__scratchfs_argument $option (string replace -r '^[^=]*=' '' -- $cur) "$at[1]" "$at[2]")
        printf "$option=%s\n" $values
    else if not __scratchfs_argument $words[-1] "$cur" "$at[1]" "$at[2]"
        if string match -q -- '-*' $cur
            __scratchfs_options $at
        else
            __scratchfs_operand "$cur" $words
        end
    end
end

complete -c scratchfs -f -a '(__scratchfs_complete)'
