# The units on a Debian that systemd has booted, for test/fresh/run: docker/README.md's commands, then what
# test/fresh/units asks of them. Sourced, behind root.sh.
cgroup=

# The group of processes that systemd is given to manage: it takes the second version of cgroups, wherever this
# machine has it (beside the first one, without controllers).
make_cgroup() {
	local mounted
	mounted=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$mounted" ] || die 'no cgroup2 is mounted here, which systemd needs'
	cgroup=$mounted/social-$me.$$
	mkdir "$cgroup"
}
remove_cgroup() {
	local directory deadline=$((SECONDS + 30))
	[ -n "$cgroup" ] || return 0
	echo 1 >"$cgroup/cgroup.kill"
	until find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && [ ! -d "$cgroup" ]; do
		[ $SECONDS -lt $deadline ] || { say "left: $cgroup"; break; }
		sleep 0.1
	done
	cgroup=
}

# boot_root DIRECTORY: what open_root does, but process 1 is the root's own systemd, which is told that it is in a
# container, and there is no network but the loopback.
boot_root() {
	root=$1
	(
		echo $BASHPID >"$cgroup/cgroup.procs"
		exec unshare --mount --pid --ipc --uts --net --cgroup --fork --kill-child bash -euc '
			mount --make-rprivate /
			mount --bind "$1" "$1"
			mount -t proc -o nosuid,nodev,noexec proc "$1/proc"
			mount --bind "$1/proc/sys" "$1/proc/sys" # which is the machine'\''s
			mount -o remount,bind,ro "$1/proc/sys"
			mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$1/sys"
			mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$1/sys/fs/cgroup"
			mount -t tmpfs -o mode=755,nosuid tmpfs "$1/dev"
			for device in null zero full random urandom tty; do
				: >"$1/dev/$device"
				mount --bind "/dev/$device" "$1/dev/$device"
			done
			mkdir "$1/dev/pts" "$1/dev/shm"
			mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
			mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$1/dev/shm"
			ln -s pts/ptmx "$1/dev/ptmx"
			ln -s /proc/self/fd "$1/dev/fd"
			mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$1/run"
			ip link set lo up
			# Not chroot, where nothing can have users of its own; and shared as systemd does it outside of
			# containers: it mounts credentials in a namespace, which are to be seen here.
			cd "$1"
			pivot_root . mnt
			umount -l /mnt
			mount --make-rshared /
			exec /usr/bin/env -i container=social PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system' sh "$1"
	) </dev/null >"$work/boot.log" 2>&1 &
	holder=$!
	local deadline=$((SECONDS + 120))
	until is_booted 2>/dev/null; do
		kill -0 "$holder" 2>/dev/null && [ $SECONDS -lt $deadline ] || {
			cat "$work/boot.log" >&2
			[ -z "$pid_one" ] || as root / 'systemctl is-system-running; systemctl list-jobs; journalctl --no-pager -n 50' >&2 || true
			die 'systemd does not boot'
		}
		sleep 0.1
	done
}
is_booted() { # as far as it comes: what has failed is for those to see who ask for it
	pid_one=$(cat "/proc/$holder/task/$holder/children") && pid_one=${pid_one% } && [ -n "$pid_one" ] &&
		[[ $(as root / 'systemctl is-system-running') =~ ^(running|degraded)$ ]]
}

# The lines that stand in docker/README.md under a heading, in the n-th place where some do.
documented() { # documented N HEADING
	awk -v wanted="$1" -v heading="$2" '
		/^## / { inside = $0 == "## " heading }
		inside && /^[^ ]/ { text = 1 }
		inside && /^    / { block += text; text = 0; if (block == wanted) print substr($0, 5) }' "$top/docker/README.md"
}

prove_systemd() {
	cp -a "$cache/bookworm" "$work/systemd"
	this_network "$work/systemd"
	give_checkout "$work/systemd"
	share_downloads systemd
	# Packages come by this machine's network, where no server of theirs may start; so before there is an init.
	open_root "$work/systemd" "$cache/systemd"
	timed systemd 'git clone' as root /root 'git clone -q /srv/social.git social'
	timed systemd packages as root /root/social \
		'docker/install-packages run ingest && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd-sysv procps'
	[ -z "$(processes)" ] || die "Debian has started servers of its own: $(processes)"
	close_root keep

	make_cgroup
	boot_root "$work/systemd"
	documented 1 'On a machine with systemd' >"$root/root/install"
	documented 2 'On a machine with systemd' >"$root/root/upgrade"
	documented 2 'Live streams without `make up`' >"$root/root/install-ingest"
	[ -s "$root/root/install" ] && [ -s "$root/root/upgrade" ] && [ -s "$root/root/install-ingest" ] || die 'docker/README.md has no such commands'
	timed systemd "docker/README.md's lines" as root /root/social 'bash -euo pipefail /root/install'
	timed systemd 'those about live streams' as root /root/social 'bash -euo pipefail /root/install-ingest'
	timed systemd 'what the units are to do' as root /root/social 'prove -v test/fresh/units :: at-work'
	grep -E '^(# exposure|Files=)' "$work/output" | sed "s/^/$me: systemd: /" || true
	reboot_root
	timed systemd 'what they do when the machine boots' as root /root/social 'prove -v test/fresh/units :: booted'
	close_root
	remove_cgroup
}
reboot_root() {
	local began=$SECONDS status=0
	as root / 'systemctl reboot' 2>"$work/output" # which has no bus to ask first
	{ timeout 120 tail --pid="$holder" -f /dev/null || kill -KILL "$holder"; } >/dev/null 2>&1 &
	wait "$holder" 2>/dev/null || status=$?
	[ $status -eq 129 ] || die 'systemd does not reboot' # which is SIGHUP for who waits for it
	boot_root "$root"
	say "systemd: reboot: $((SECONDS - began)) s"
}
