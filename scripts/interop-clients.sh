# Sourced by the scripts that try real clients: each takes a name, connects to it on this machine at $port, and succeeds if it
# trusts what it is shown. They work in the folder where they are called, and leave files there.

here_chromium=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/interop-chromium.py
authorities=$HOME/.local/share/martinet
export port here_chromium authorities

is_address() { [[ "$1" != *[!0-9.]* ]]; }

client_openssl() {
    local check=(-servername "$1" -verify_hostname "$1")
    is_address "$1" && check=(-noservername -verify_ip "$1")
    openssl s_client -connect "127.0.0.1:$port" "${check[@]}" -verify_return_error </dev/null
}

client_gnutls-cli() {
    local sni=(--sni-hostname "$1")
    is_address "$1" && sni=(--disable-sni)
    gnutls-cli "${sni[@]}" --verify-hostname "$1" -p "$port" 127.0.0.1 </dev/null
}

# NSS itself, in a copy of the browser's database, with NAME.pem, which is what is shown.
client_certutil() {
    local database=nss.$RANDOM
    cp -r ~/.pki/nssdb "$database"
    openssl x509 -in "$authorities/issuer.pem" -out "$database/intermediate"
    openssl x509 -in "$1.pem" -out "$database/leaf"
    certutil -A -d "sql:$database" -t ,, -n intermediate -i "$database/intermediate"
    certutil -A -d "sql:$database" -t ,, -n leaf -i "$database/leaf"
    certutil -V -d "sql:$database" -u V -n leaf
}

client_curl() { curl -sS -f -o page --connect-to "$1:$port:127.0.0.1:$port" "https://$1:$port/"; }

client_python3() {
    /usr/bin/python3 - "$1" "$port" <<'PYTHON'
import socket, ssl, sys
ssl.create_default_context().wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[2])), 20), server_hostname=sys.argv[1])
PYTHON
}

client_requests() { /usr/bin/python3 -c 'import requests, sys; requests.get(sys.argv[1], timeout=20).raise_for_status()' "https://$1:$port/"; }

client_java() {
    [ -e Try.java ] || cat >Try.java <<'JAVA'
import javax.net.ssl.*;
public class Try {
    public static void main(String[] words) throws Exception {
        var plain = new java.net.Socket("127.0.0.1", Integer.parseInt(words[1]));
        var socket = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(plain, words[0], plain.getPort(), true);
        var parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
    }
}
JAVA
    java Try.java "$1" "$port"
}

client_go() {
    if [ ! -e try ]; then
        cat >try.go <<'GO'
package main

import ("crypto/tls"; "log"; "os")

func main() {
	_, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[2], &tls.Config{ServerName: os.Args[1]})
	if err != nil { log.Fatal(err) }
}
GO
        go build -o try try.go || return
    fi
    ./try "$1" "$port"
}

client_node() {
    node -e '
        const [name, port] = process.argv.slice(1)
        const tls = require("tls"), isAddress = require("net").isIP(name) > 0
        tls.connect({host: "127.0.0.1", port, servername: isAddress ? "" : name,
            checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate)}, () => process.exit(0))
            .on("error", error => { console.error(error.message); process.exit(1) })' "$1" "$port"
}

# By its developer tools. It leaves a picture of its window; in a namespace or as root it has no sandbox.
client_chromium() {
    python3 "$here_chromium" "https://$1:$port/" "${picture:-chromium.png}" --no-sandbox --host-resolver-rules="MAP * 127.0.0.1"
}

# What clients say of a certificate that they do not trust; anything else is a client that did not get that far.
reasons='PKIX|certificate is invalid|violates|permitted|subtree|not authorized|name space|NOT_IN_NAME|UNKNOWN_ISSUER|unable to get|unable to verify|issuer is unknown|unknown authority|not trusted|verify error|ERR_CERT'
failures=0

# try_client CLIENT NAME STATE accepted|refused: says in one line what the client did, and counts what should not be.
try_client() {
    local client=$1 name=$2 state=$3 expected=$4 outcome=accepted reason="" function
    for function in $(compgen -A function client_) is_address; do export -f "${function?}"; done
    if ! timeout -k 5 90 bash -c 'client_"$0" "$1"' "${client%%,*}" "$name" >said 2>&1; then
        reason=$(grep -v 'verify return' said | grep -iE "$reasons" | head -n 1 | cut -c 1-130)
        outcome=refused
        [ "$reason" != "" ] || { outcome=failed; reason=$(tail -n 1 said | cut -c 1-130); }
    elif [ "$client" = chromium ]; then
        reason=$(tail -n 1 said)
    fi
    printf '%-20s %-16s %-14s %s' "$client" "$name" "$state" "$outcome"
    [ "$outcome" = "$expected" ] || { failures=$((failures + 1)); printf ' BUT SHOULD NOT BE'; }
    [ "$reason" = "" ] || printf ': %s' "$reason"
    printf '\n'
}
