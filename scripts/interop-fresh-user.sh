# What scripts/interop-fresh-user has the new user do: it stands in the home, beside the clone.
set -uo pipefail
. "$HOME/interop/interop-clients.sh"

say() { printf '%s\n' "$*"; }
# The beginning of what a command has said, behind a bar.
quoted() { head -n 16 | sed 's/^/    | /'; }
wrong() { failures=$((failures + 1)); say "WRONG: $*"; }

# printed WORDS: the command in README that begins so.
printed() { grep -m 1 "^$1" martinet/README.md | sed 's/ *#.*//'; }
serve=$(printed scripts/serve) && trust=$(printed '.build/release/martinet cert trust') &&
    status=$(printed '.build/release/martinet cert status') && untrust=$(printed '.build/release/martinet cert untrust') ||
    { wrong "README does not print how to serve, trust and take back"; exit 1; }

# as_printed EXPECTED-STATUS LINE: runs it in the clone, shows it, and keeps what it says in `output`.
as_printed() {
    local ended=0 began=$SECONDS
    say "\$ $2"
    (cd martinet && timeout -k 5 300 bash -c "$2") >output 2>&1 </dev/null || ended=$?
    quoted <output
    say "    exit status $ended after $((SECONDS - began)) s"
    [ "$1" = any ] || [ "$ended" = "$1" ] || wrong "the exit status should be $1"
}

# settle LINE PATTERN: runs it, the lines for root that it prints, and it again until it prints none. Then each line of what it
# says is of the pattern.
settle() {
    local line round began
    for round in 1 2 3; do
        as_printed any "$1"
        grep -E '^ +sudo ' output >lines || break
        while read -r line; do as_printed 0 "$line"; done <lines
    done
    [ "$round" -lt 3 ] || wrong "it goes on to ask for root"
    began=$SECONDS
    as_printed 0 "$1"
    [ $((SECONDS - began)) -le 10 ] || wrong "what is done already takes more than 10 s"
    ! grep -vE "$2" output | grep . || wrong "it is not done once and for all"
}

# with_lines SECTION COMMAND ...: after the commands that `cert trust --print` has in a section.
with_lines() {
    martinet/.build/release/martinet cert trust --print >print
    awk -v title="$1" 'index($0, title) == 1 { on = 1; next } on && NF == 0 { exit } on' print >section
    [ -s section ] || wrong "--print has nothing for $1"
    shift
    eval "$(cat section)"
    "$@"
}

# everyone STATE accepted|refused
everyone() {
    local client state=$1 outcome=$2
    picture=$HOME/${state// /-}.png
    export picture
    for client in chromium curl openssl gnutls-cli python3 java go requests node; do
        try_client "$client" localhost "$state" "$outcome"
    done
}

mkdir -p martinet/some/folder/photos
printf 'Hello\n' >martinet/some/folder/hello.txt
printf '<!doctype html><title>About</title><p>About' >martinet/some/folder/about.html
say "\$ $serve"
began=$SECONDS
(cd martinet && exec bash -c "exec $serve") >banner 2>log &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT
until grep -q s_client banner; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 log | quoted; wrong "it has ended"; exit 1; }
    sleep 1
done
quoted <banner
say "    ready after $((SECONDS - began)) s"
port=$(sed -n 's/^ *https:.*:\([0-9]*\)\/$/\1/p' banner)
grep -q '^trust  .*cert trust$' banner || wrong "the banner does not say how it comes to be trusted"
grep -E '^ *(curl|openssl) ' banner >tries
while read -r line; do as_printed 0 "$line"; done <tries

everyone "before trust" refused
as_printed 1 "$status"
! grep -q ': trusts a' output || wrong "nothing should be trusted"

settle "$trust" ': (was there|skipped: no )'
as_printed 0 "$status"
! grep -E ': (does not|trusts none|failed|skipped: certutil)' output || wrong "every store that is here should trust it"
everyone "after trust" accepted

(cd martinet && exec timeout 20 .build/release/martinet serve some/folder --port 0) >again 2>&1 &
second=$!
until grep -q s_client again; do kill -0 "$second" 2>/dev/null || break; sleep 0.2; done
kill -TERM "$second" && wait "$second" || wrong "a second server does not end well"
! grep '^trust  ' again || wrong "a server whose authority is trusted should not say how it comes to be"

settle "$untrust" ': (was not there|skipped: no )'
as_printed 1 "$status"
! grep -q ': trusts a' output || wrong "nothing should be trusted any more"
everyone "after untrust" refused

# A browser that has never been started, and stores that have forgotten it once.
rm -rf ~/.pki ~/.local/share/pki
settle "$trust" ': (was there|skipped: no )'
everyone "trusted again" accepted
settle "$untrust" ': (was not there|skipped: no )'
everyone "taken back" refused

# What has authorities of its own is told by what --print has, whatever the stores say. (Debian's read the system's.)
for client in python3 requests node; do
    title="# Node"
    [ "$client" = node ] || title="# Python"
    (with_lines "$title" try_client "$client, --print" localhost "taken back" accepted) | tee told
    ! grep -qE 'WRONG|SHOULD NOT' told || failures=$((failures + 1))
done

kill -TERM "$server"
wait "$server" || wrong "the server ends with status $?"
say "$failures wrong"
[ "$failures" = 0 ]
