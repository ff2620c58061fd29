#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs/fleet.md: its files and its commands (blocks with the language "sh") are run as they are
# there, but each second instead of each minute. No systemd runs here, so that a replacement of
# systemctl runs the command of a unit.

. "$(dirname "$0")/lib.sh"

document=$here/../docs/fleet.md
textfile=/var/lib/prometheus/node-exporter/memleak-myserver.prom

# file_of PATH: the contents that the document gives a file.
file_of()
{
	awk -v path="$1" '
		index($0, "`" path "`") { found = 1 }
		/^```/ && inside { exit }
		/^```/ && found { inside = 1; next }
		inside' "$document"
}

# install_file PATH: writes a file of the document, each minute being a second.
install_file()
{
	mkdir -p "$(dirname "$1")"
	file_of "$1" | sed 's/scrape_interval: 1m/scrape_interval: 1s/; s/\.prom 60$/.prom 1/' >"$1"
	test -s "$1"
}

# The commands of the document, in its order, in one file each.
split_commands()
{
	awk -v dir="$scratch" '
		/^```/ && inside { inside = 0; next }
		/^```sh$/ { inside = 1; nr++; next }
		inside { print >(dir "/commands." nr) }' "$document"
}

# run_commands NR: prints their output to $scratch/out; each of them has to succeed.
run_commands()
{
	PATH=$scratch/bin:$PATH bash -e -o pipefail "$scratch/commands.$1" \
		>"$scratch/out" 2>"$scratch/messages" || { cat "$scratch/out" "$scratch/messages"; return 1; }
}

make_systemctl()
{
	mkdir "$scratch/bin"
	ln -s "$tool" "$scratch/bin/memleak-user"
	cat >"$scratch/bin/systemctl" <<-'END'
		#!/bin/bash
		case $1 in
		enable)
			name=${3#*@}
			command=$(sed -n "s/^ExecStart=//p" "/etc/systemd/system/${3%@*}@.service")
			exec setsid ${command//%i/$name} >/tmp/unit.log 2>&1 &
			;;
		restart)
			exec setsid prometheus --config.file=/etc/prometheus/prometheus.yml \
				--storage.tsdb.path=/tmp/metrics --web.listen-address=127.0.0.1:9090 \
				>/tmp/prometheus.log 2>&1 &
			;;
		daemon-reload) ;;
		*) exit 1 ;;
		esac
	END
	chmod +x "$scratch/bin/systemctl"
}

stop_services()
{
	kill "$(pgrep -x prometheus)" "$(pgrep -x memleak-user)" "$exporter" 2>/dev/null || true
}

# The root file system of the tests has no names; any installed one does.
name_localhost()
{
	grep -qs '\<localhost\>' /etc/hosts || echo "127.0.0.1 localhost" >>/etc/hosts
}

# start_myserver: starts leaky by the name that the document has.
start_myserver()
{
	cp "$built/leaky" "$scratch/myserver"
	start_program "$scratch/myserver"
	setpriv --reuid prometheus --regid prometheus --clear-groups prometheus-node-exporter \
		>"$scratch/exporter" 2>&1 &
	exporter=$!
	eventually curl -sfo "$scratch/served" localhost:9100/metrics
}

# ask QUERY: what Prometheus answers.
ask()
{
	promtool query instant http://localhost:9090 "$1" >"$scratch/answer" 2>&1
}

# answers QUERY VALUE: succeeds if the only value of the answer is VALUE.
answers()
{
	ask "$1" && [ "$(sed -n 's/.*=> \([^ ]*\) @.*/\1/p' "$scratch/answer")" = "$2" ]
}

# expect_answer QUERY VALUE: waits for this answer.
expect_answer()
{
	eventually answers "$@" || { cat "$scratch/answer" /tmp/prometheus.log; return 1; }
}

has_no_answer()
{
	ask "$1" && ! matches "$scratch/answer" "=>"
}

the_document_works()
{
	for file in /etc/systemd/system/memleak-user@.service /etc/prometheus/prometheus.yml \
		/etc/prometheus/memleak.rules.yml; do
		install_file $file
	done
	split_commands
	name_localhost
	make_systemctl
	start_myserver
	trap 'stop_services; clean_up' EXIT
	run_commands 1
	eventually is_traced "$pid"
	step
	eventually matches "$textfile" "function=\"fibonacci\"\\} $fibonacci_bytes$"
	run_commands 2
	expect "$scratch/out" "^memleak_user_target_outstanding_bytes\\{.*,pid=\"$pid\"\\} "
	run_commands 3
	expect "$scratch/out" "SUCCESS: 3 rules found"
	expect_answer 'memleak_user_outstanding_bytes{function="fibonacci"}' "$fibonacci_bytes"
	show "Prometheus: $(cat "$scratch/answer")"
	show "textfile: $(grep 'outstanding_bytes.*fibonacci' "$textfile")"
	expect_answer 'sum(memleak_user_outstanding_blocks) - sum(memleak_user_target_outstanding_blocks)' 0
	expect_answer 'memleak_user_outstanding_bytes{function="reserve"}' "$reserved_bytes"
	step
	expect_answer 'memleak_user_outstanding_bytes{function="fibonacci"}' $((2 * fibonacci_bytes))
	run_commands 4
	expect "$scratch/out" "memleak_user_target_outstanding_bytes|^\\{comm=.*pid=\"$pid\".*\\} => "
	expect "$scratch/out" "^\\{comm=.*function=\"reserve\"\\} => $((2 * reserved_bytes)) "
	kill -9 "$pid"
	eventually has_no_answer memleak_user_target_outstanding_bytes
	test ! -e "$textfile"
}

alerts_fire_when_they_should()
{
	file_of /etc/prometheus/memleak.rules.yml >"$scratch/rules.yml"
	sed "s|RULES|$scratch/rules.yml|" "$here/peers/fleet_rules_test.yml" >"$scratch/test.yml"
	promtool test rules "$scratch/test.yml" >"$scratch/out" 2>&1 || { cat "$scratch/out"; return 1; }
	expect "$scratch/out" "SUCCESS"
	show "promtool test rules: $(grep -c exp_alerts "$scratch/test.yml") states of 3 alerts as expected"
}

# Served by a server of files, as engines for profiles read it.
profiles_are_whole_while_they_are_replaced()
{
	start_leaky
	mkdir "$scratch/srv"
	python3 -m http.server --directory "$scratch/srv" --bind 127.0.0.1 8000 >"$scratch/http" 2>&1 &
	"$tool" export pprof -p "$pid" --output "$scratch/srv/myserver.pb.gz" 100ms 1000000 \
		>"$scratch/messages" 2>&1 &
	eventually curl -sf localhost:8000/myserver.pb.gz -o "$scratch/first"
	for _ in $(seq 20); do
		curl -sf localhost:8000/myserver.pb.gz -o "$scratch/profile"
		gzip -t "$scratch/profile"
		sleep 0.1
	done
	zcat "$scratch/profile" | grep -aq fibonacci
	! cmp -s "$scratch/first" "$scratch/profile"
}

run_tests the_document_works alerts_fire_when_they_should profiles_are_whole_while_they_are_replaced
