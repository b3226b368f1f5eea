#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may do what: every role against every command. Usage: roles.sh SAQTA
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
now="--now 2026-01-07T10:00:00+05:00"
me=$(id -un)
roles=$dir/v.keep/roles

make_vault 5
destroy 4 5
people 10 11 >"$dir/more"
printf '{"event":"use","subject":"u-1","purpose":"contract","categories":["phone"]}\n' >"$dir/question"

be() {
	printf '# who may do what\nnobody-else owner\n%s %s # us\n' "$me" "$1" >"$roles"
	chmod 600 "$roles"
}

# may ROLE YES|NO COMMAND…
may() {
	want=$1
	shift
	if [ "$want" = yes ]; then
		"$saqta" $V $now "$@" >"$said" 2>&1
		code=$?
		[ $code -eq 77 ] && fail "$role may not: $*"
	else
		exits 77 "$saqta" $V $now "$@"
		says "the role $role may not"
	fi
}

#          apply decide sweep show list tasks close log status policy keystatus renew rotate export backup backup-keys
while read -r role apply decide sweep show list tasks close log status policy keystatus renew rotate export backup backupkeys; do
	be "$role"
	may "$apply" apply "$dir/more"
	may "$decide" decide "$dir/question"
	may "$sweep" sweep --dry-run
	may "$show" subject show u-1 --purpose contract
	may "$show" audit show --subject u-1
	may "$show" export u-1 --format json
	may "$log" report --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --format json
	may "$list" subject list
	may "$tasks" task list
	may "$tasks" request list
	may "$close" task close 999
	may "$log" audit verify
	may "$log" audit show
	may "$log" audit checkpoint
	may "$status" status
	may "$keystatus" key status
	may "$renew" key renew
	may "$rotate" key rotate
	may "$export" key export --shares 2 --threshold 2
	rm -f "$dir/copy"
	may "$backup" backup "$dir/copy"
	rm -f "$dir/copy"
	[ "$backupkeys" = no ] && may no backup --with-keys "$dir/copy"
	: "$policy"
done <<-'END'
	owner       yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes
	officer     yes yes yes yes yes yes yes yes yes yes yes no  no  no  no  no
	operator    no  no  yes no  no  yes no  yes yes no  yes yes no  no  yes no
	application yes yes no  no  no  no  no  no  no  no  no  no  no  no  no  no
	auditor     no  no  no  no  yes yes no  yes yes no  yes no  no  no  no  no
END

# restore needs no open vault, and asks all the same
be owner
exits 0 "$saqta" $V backup "$dir/copy"
mv "$dir/v" "$dir/lost"
for role in officer application auditor; do
	be "$role"
	may no restore "$dir/copy"
done
be operator
exits 0 "$saqta" $V $now restore "$dir/copy"

# kz-94v/179-log: an act of a user is on record, with who, in which role, why; so is a refusal; and who has access stands in one list, below
be officer
exits 0 "$saqta" $V $now --actor desk-7 subject show u-1 --purpose contract
exits 0 "$saqta" $V audit show --json
tail -n 1 "$said" | grep -q "\"actor\":\"$me/desk-7\".*\"kind\":\"contract\",\"more\":{\"role\":\"officer\"}.*\"type\":\"read\"" ||
	fail "a reading is not on record as it should be"
be operator
exits 77 "$saqta" $V $now subject show u-1
exits 0 "$saqta" $V audit show --json
tail -n 1 "$said" | grep -q "\"actor\":\"$me\".*\"kind\":\"subject show\",\"more\":{\"role\":\"operator\"},\"outcome\":\"denied\".*\"type\":\"refused\"" ||
	fail "a refusal is not on record"
exits 0 "$saqta" $V audit verify

# the file itself
printf 'somebody owner\n' >"$roles"
exits 77 "$saqta" $V status
says "has no role in this vault"
printf '%s owner\n%s auditor\n' "$me" "$me" >"$roles"
exits 78 "$saqta" $V status
says ":2: this user has a role already"
printf '%s boss\n' "$me" >"$roles"
exits 78 "$saqta" $V status
says ":1: a line is USER ROLE"
be owner
chmod 666 "$roles"
exits 78 "$saqta" $V status
says "chmod 600"
rm "$roles"
exits 0 "$saqta" $V status
echo "roles: 5 roles, each held to what it may"
