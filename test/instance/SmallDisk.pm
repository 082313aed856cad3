package SmallDisk;
# SmallDisk.pm owns disks that are full soon: a file system in memory, mounted where the program that a test starts
# sees it and nobody else, so that what it is told when there is no room is told by a kernel.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(can_mount on_small_disk seen_by);

# How a program gets mounts of its own; empty where that is not allowed (most containers).
my @apart;
sub can_mount
{
	my @ways = ([qw(unshare --mount)], [qw(unshare --map-root-user --mount)]);
	@apart = @{ (grep { system("@$_ mount -t tmpfs -o size=1m none /tmp >/dev/null 2>&1") == 0 } @ways)[0] // [] };
	return scalar @apart;
}

# Writes, and names, a program that is `program` with a disk of such options (size=4m) at `directory`, which is there.
sub on_small_disk
{
	my ($program, $directory, $options, $name) = @_;
	open my $file, '>', $name or die "$name: $!";
	print $file "#!/bin/sh\nexec @apart sh -c 'mount -t tmpfs -o $options none \"$directory\" && exec \"$program\" \"\$@\"' sh \"\$@\"\n";
	close $file;
	chmod 0755, $name;
	return $name;
}

# A path as a process sees it.
sub seen_by { my ($pid, $path) = @_; return "/proc/$pid/root$path" }

1;
