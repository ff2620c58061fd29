# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the output of kselftest's runner (one run or several; programs on the outer level, their
# cases after "# ") or plain TAP (-v plain=1). Prints "PASSED FAILED SKIPPED", then a line for
# each failed or skipped case, and below a failed one the last lines of output before it, since
# often only this is read of a log. A program that fails without a failed case counts as a
# failure, and so does an incomplete plan.

function test_case(line,   name) {
	name = line
	sub(/^(not )?ok [0-9]* *(- )?/, "", name)
	if (program != "")
		name = program ": " name
	if (line ~ /^not ok/) {
		count["failed"]++
		failed_here++
		note("failed  " name)
		note_saved_lines()
	} else if (line ~ /# *SKIP/) {
		count["skipped"]++
		note("skipped " name)
	} else {
		count["passed"]++
	}
	seen++
	lines = 0
}

# Saves a line of output; the lines of the harness around each case are left out.
function save_line(line) {
	if (line ~ /^#  RUN /)
		lines = 0
	else if (line !~ /^# +FAIL /)
		said[lines++] = substr(line, 1, 400)
}

function note_saved_lines(   i) {
	for (i = lines > 20 ? lines - 20 : 0; i < lines; i++)
		note("        " said[i])
}

function note(text) {
	notes[++noted] = text
}

function end_of_plan() {
	if (planned >= 0 && seen != planned) {
		count["failed"]++
		failed_here++
		note("failed  " program ": " seen " of " planned " cases were run")
	}
	planned = -1
	seen = 0
}

# A plan may come before its cases or after them.
function plan(line,   after) {
	after = planned < 0 && seen > 0
	if (!after)
		end_of_plan()
	sub(/^1\.\./, "", line)
	planned = line + 0
	if (after)
		end_of_plan()
}

BEGIN {
	planned = -1
	count["passed"] = count["failed"] = count["skipped"] = 0
	all = -1
}

plain && /^1\.\.[0-9]+/ { plan($0); next }
plain && /^(not )?ok/ { test_case($0); next }
plain { save_line($0); next }

/^# selftests: / {
	program = $NF
	failed_here = 0
	planned = -1
	seen = 0
	lines = 0
	before = count["passed"] + count["failed"] + count["skipped"]
	reason = ""
	next
}
/^# 1\.\.[0-9]+/ { plan(substr($0, 3)); if (/SKIP/) reason = substr($0, 3); next }
/^# (not )?ok / { test_case(substr($0, 3)); next }
/^# / { save_line(substr($0, 3)); next }
/^1\.\.[0-9]+/ { all = (all > 0 ? all : 0) + substr($0, 4); next }
/^(not )?ok [0-9]+ selftests: / {
	end_of_plan()
	cases = count["passed"] + count["failed"] + count["skipped"] - before
	if (/^not ok/ && !failed_here) {
		count["failed"]++
		note("failed  " program ": " substr($0, index($0, "#")))
		note_saved_lines()
	} else if (/# *SKIP/ && !cases) {
		count["skipped"]++
		note("skipped " program ": " reason)
	} else if (!cases) {
		count["passed"]++
	}
	programs++
	program = ""
}

END {
	if (plain)
		end_of_plan()
	else if (all >= 0 && programs < all) {
		count["failed"]++
		note("failed  " programs " of " all " programs were run")
	}
	print count["passed"], count["failed"], count["skipped"]
	for (i = 1; i <= noted; i++)
		print notes[i]
}
