#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OpenSSL and OpenBSD's signify verify our checkpoints, OpenSSL a witness's cosignature too. Usage: openssl.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
signify=$(command -v signify-openbsd || command -v signify)
if ! command -v openssl >/dev/null || [ -z "$signify" ]; then
	echo "peers: openssl or signify is not installed"
	[ "${CI:-}" = true ] && exit 1
	exit 77
fi

# key FILE: the 32 bytes of a vkey. signature NAME FILE: what follows the key's hash in that signer's line.
key() { cut -d + -f 3- "$1" | base64 -d | tail -c 32; }
signature() { grep -F "— $1 " "$2" | sed 's/.* //' | base64 -d | tail -c +5; }
# text FILE: a note's text, up to the last blank line.
text() { sed '/^$/,$d' "$1"; }

# openssl_says CODE KEY TEXT SIGNATURE, files; the key's as it is.
openssl_says() {
	{ printf '\060\052\060\005\006\003\053\145\160\003\041\000' && cat "$2"; } >"$dir/pub.der"
	exits "$1" openssl pkeyutl -verify -pubin -keyform DER -inkey "$dir/pub.der" -rawin -in "$3" -sigfile "$4"
}
# signify wraps the same bytes: "Ed", eight bytes that name the key, then key or signature.
signify_says() {
	{ echo "untrusted comment: key" && { printf 'Ed01234567' && cat "$2"; } | base64 -w 0 && echo; } >"$dir/pub"
	{ echo "untrusted comment: signature" && { printf 'Ed01234567' && cat "$4"; } | base64 -w 0 && echo; } >"$dir/sig"
	exits "$1" "$signify" -V -p "$dir/pub" -x "$dir/sig" -m "$3"
}

make_vault 2
exits 0 "$saqta" audit witness "$dir/w" --init example.org/witness
exits 0 "$saqta" audit witness "$dir/w" --trust "$(cat "$dir/v/log.vkey")"
printf 'witness w %s\nquorum w\n' "$(cat "$dir/w/witness.vkey")" >"$dir/v.keep/witness.policy"
exits 0 "$saqta" $V audit witness --request "$dir/request"
exits 0 "$saqta" audit witness "$dir/w" --add "$dir/request" --output "$dir/answer"
exits 0 "$saqta" $V audit witness --answer "$dir/answer"
"$saqta" $V audit checkpoint >"$dir/note" 2>"$said" || fail "checkpoint"

# ---- the log's own signature ----
text "$dir/note" >"$dir/text"
key "$dir/v/log.vkey" >"$dir/key"
signature "$(head -n 1 "$dir/note")" "$dir/note" >"$dir/signature"
[ "$(wc -c <"$dir/key")" = 32 ] && [ "$(wc -c <"$dir/signature")" = 64 ] || fail "key or signature has another length"
openssl_says 0 "$dir/key" "$dir/text" "$dir/signature"
signify_says 0 "$dir/key" "$dir/text" "$dir/signature"
sed '2s/$/0/' "$dir/text" >"$dir/other"
openssl_says 1 "$dir/key" "$dir/other" "$dir/signature"
signify_says 1 "$dir/key" "$dir/other" "$dir/signature"

# ---- the witness's, over its time and the text ----
key "$dir/w/witness.vkey" >"$dir/key"
signature example.org/witness "$dir/note" >"$dir/stamped"
[ "$(wc -c <"$dir/stamped")" = 72 ] || fail "the cosignature has another length"
head -c 8 "$dir/stamped" >"$dir/time"
tail -c 64 "$dir/stamped" >"$dir/signature"
time=$(od -An -tu8 --endian=big "$dir/time" | tr -d ' ')
now=$(date +%s)
[ "$time" -le "$now" ] && [ "$time" -gt $((now - 300)) ] || fail "the cosignature is of another time: $time"
{ printf 'cosignature/v1\ntime %s\n' "$time" && cat "$dir/text"; } >"$dir/message"
openssl_says 0 "$dir/key" "$dir/message" "$dir/signature"
openssl_says 1 "$dir/key" "$dir/text" "$dir/signature"
{ printf 'cosignature/v1\ntime %s\n' "$((time + 1))" && cat "$dir/text"; } >"$dir/message"
openssl_says 1 "$dir/key" "$dir/message" "$dir/signature"
