#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A leak in a native method, called from Java code that the JVM has compiled. JDK 17 and later write
# a map when they are asked to.

. "$(dirname "$0")/jit_lib.sh"

java -XX:+UnlockDiagnosticVMOptions -XX:+PrintFlagsFinal -version 2>/dev/null |
	grep DumpPerfMapAtExit >/dev/null || skip_all "this java writes no map"

# The methods of the program, and no others, are compiled before they run, each by itself. Compiling
# all that run would take minutes under emulation.
start_java()
{
	start_service java -Xcomp -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+PreserveFramePointer \
		-XX:CompileCommand=quiet -XX:CompileCommand=compileonly,Planted.* \
		-XX:CompileCommand=dontinline,Planted.* \
		-cp "$planted" Planted "$size" "$planted/planted_java.so"
	call_leak 100
}

write_map()
{
	jcmd "$pid" Compiler.perfmap >"$scratch/jcmd" 2>&1 || { cat "$scratch/jcmd"; return 1; }
}

# The JVM's own code around the methods is in the map, too.
names_of_methods_are_those_of_the_map()
{
	start_java
	trace_service
	call_leak 100
	write_map
	end_tool
	expect_planted java 100 'leak_per_call\+[^|]* \[planted_java.so\]' \
		'Java_Planted_planted\+[^|]* \[planted_java.so\]' \
		'void Planted\.planted\(int\)\+[^|]* \[jit\]' \
		'void Planted\.leakFromJava\(int, int\)\+[^|]* \[jit\]' \
		'void Planted\.handleRequest\(int, int\)\+[^|]* \[jit\]' \
		'void Planted\.main\(java\.lang\.String\[\]\)\+[^|]* \[jit\]' \
		'StubRoutines[^|]* \[jit\]' '.* \[libjvm.so\]' '.*' 'start_thread\+[^|]* \[libc.so.6\]'
}

without_a_map_methods_have_no_names()
{
	start_java
	trace_service
	call_leak 100
	end_tool
	expect_planted java 100 'leak_per_call\+[^|]* \[planted_java.so\]' \
		'Java_Planted_planted\+[^|]* \[planted_java.so\]' \
		'\[unknown\][^|]* \[anon\]' '\[unknown\][^|]* \[anon\]' '\[unknown\][^|]* \[anon\]' \
		'\[unknown\][^|]* \[anon\]' '\[unknown\][^|]* \[anon\]' '.* \[libjvm.so\]' \
		'.*' 'start_thread\+[^|]* \[libc.so.6\]'
	expect_not "$scratch/out" "Planted\."
}

run_tests \
	names_of_methods_are_those_of_the_map \
	without_a_map_methods_have_no_names
