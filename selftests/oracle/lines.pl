#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# lines.pl TOOL OBJECT TWIN ADDR2LINE: compares the lines that the tool shows at each call site of
# OBJECT, with those of inlined functions, with the output of "ADDR2LINE -i" for TWIN, which has the
# same code. Prints two numbers: the call sites with lines, and those with equal lines. The first
# differences are printed on stderr.
use strict;
use warnings;
no warnings 'portable';

use constant BASE => 0x560000000000;
my ($tool, $object, $twin, $addr2line) = @ARGV;

sub call_sites
{
	my ($behind_call, %seen, @sites) = (0);
	open my $code, '-|', 'objdump', '-d', '--no-show-raw-insn', $object or die;
	while (<$code>) {
		next unless /^\s+([0-9a-f]+):\s+(\S+)/;
		push @sites, hex $1 if $behind_call && !$seen{$1}++;
		$behind_call = /\scall/;
	}
	return @sites;
}

sub write_report
{
	my ($file, @sites) = @_;
	my $id = `readelf -n $object` =~ /Build ID: (\S+)/ ? $1 : '-';
	my $stacks = int((@sites + 99) / 100);
	open my $report, '>', $file or die;
	print $report "memleak_user report 1\n";
	print $report "target 1 pid 1 app exited 1 ms: 1 bytes in 1 allocations from $stacks stacks, lost 0\n";
	for my $i (0 .. $#sites) {
		printf $report "1 bytes in 1 allocations from stack %d (age 0..0 ms, 1 made, 0 freed)\n",
			$i / 100 + 1 if $i % 100 == 0;
		printf $report "\t0x%016x app+0x%x%s\n", BASE + $sites[$i], $sites[$i],
			$i % 100 == 99 || $i == $#sites ? ' (end)' : '';
	}
	printf $report "mapping 1 0x%x-0x%x 0x0 %s %s\n", BASE, BASE + (1 << 40), $id, $object;
}

# Lines by address, the innermost function first.
sub lines_of_tool
{
	my ($report) = @_;
	my %lines;
	open my $out, '-|', $tool, 'symbolize', '-l', '-T', 1000000, $report or die;
	while (<$out>) {
		next unless /^\t\t0x([0-9a-f]+)\t(.*)$/;
		my $at = hex($1) - BASE;
		push @{$lines{$at}}, $2 =~ /\(([^()]+:\d+)\)$/ ? $1 : '?';
	}
	return \%lines;
}

sub lines_of_addr2line
{
	my ($input, @sites) = @_;
	my (%lines, $at, $function);
	open my $in, '>', $input or die;
	printf $in "0x%x\n", $_ - 1 for @sites;
	close $in;
	open my $out, '-|', "$addr2line -a -i -f -e $twin <$input" or die;
	while (<$out>) {
		if (/^0x([0-9a-f]+)$/) {
			$at = hex($1) + 1;
			$function = 1;
		} elsif ($function) {
			$function = 0;
		} else {
			s/ \(discriminator \d+\)//;
			push @{$lines{$at}}, m{([^/\n]*:[1-9]\d*)$} && !/^\?/ ? $1 : '?';
			$function = 1;
		}
	}
	return \%lines;
}

my $work = `mktemp -d`;
chomp $work;
my @sites = call_sites();
write_report("$work/report", @sites);
my $ours = lines_of_tool("$work/report");
my $theirs = lines_of_addr2line("$work/sites", @sites);
system 'rm', '-r', $work;
my ($known, $equal, $printed) = (0, 0, 0);
for my $site (@sites) {
	my $a = join ' < ', @{$ours->{$site} || ['?']};
	my $b = join ' < ', @{$theirs->{$site} || ['?']};
	next if $a eq '?' && $b eq '?';
	$known++;
	$equal++ if $a eq $b;
	printf STDERR "  %x: memleak-user: %s, addr2line: %s\n", $site - 1, $a, $b if $a ne $b && $printed++ < 5;
}
print "$known $equal\n";
