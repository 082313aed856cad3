# Roots made by debootstrap, and namespaces to run commands in them: what run (nothing of ours in it),
# matrix (each Debian that serves) and images (docker/) have in common. Sourced; the caller says who it is (me).
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
holder=
pid_one=
root=

say() { printf '%s: %s\n' "$me" "$*"; }
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

needs() { # needs NAME: what any of this needs
	[ "$(id -u)" -eq 0 ] || die 'needs root (for debootstrap and the namespaces)'
	"$top/docker/install-packages" fresh
	for command in debootstrap unshare nsenter git perl; do
		command -v $command >/dev/null || die "needs $command"
	done
}

# URI SUITE of a release's packages, one a line: this machine's sources of its own, for that one.
debian_sources() { # debian_sources SUITE
	local own
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v own="$own" -v suite="$1" '
			$1 == "Debian" && ($3 == own || (suite != "testing" && index($3, own "-") == 1)) {
				print $2, suite substr($3, length(own) + 1)
			}' | sort -u
}

# A root of that release with these packages, by default what it takes to clone and build; packages are
# downloaded to a cache.
make_root() { # make_root SUITE DIRECTORY CACHE [PACKAGES]
	local sources uri
	sources=$(debian_sources "$1")
	[ -n "$sources" ] || { apt-get update -qq && sources=$(debian_sources "$1"); }
	uri=$(awk -v suite="$1" '$2 == suite { print $1; exit }' <<<"$sources")
	[ -n "$uri" ] || die "this machine's apt has no source of Debian"
	mkdir -p "$3"
	local packages=${4-git,make,ca-certificates}
	debootstrap --variant=minbase ${packages:+"--include=$packages"} --cache-dir="$3" \
		"$1" "$2" "$uri" >"$work/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$work/debootstrap.log" >&2; die 'debootstrap failed'; }
	awk '{ print "deb", $1, $2, "main" }' <<<"$sources" >"$2/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' >"$2/etc/apt/apt.conf.d/90machine" || true
	mkdir "$2/srv/machine"
	this_network "$2"
}

# What debootstrap makes: nothing of ours is in it, so that one in a cache serves every run of a day.
daily_root() { # daily_root CACHE NAME SUITE [PACKAGES [COMMAND]]: the command is given the new root
	mkdir -p "$1/debootstrap"
	exec 7>>"$1/$2.lock"
	flock 7
	if [ ! -d "$1/$2" ] || [ -n "$(find "$1/$2.lock" -mtime +0)" ]; then
		rm -rf --one-file-system "$1/$2"
		make_root "$3" "$work/base" "$1/debootstrap" ${4+"$4"}
		${5:-true} "$work/base"
		mv "$work/base" "$1/$2"
		touch "$1/$2.lock"
	fi
	exec 7>&-
}

# What the machine says about its network, which a root that was kept may have from another.
this_network() {
	cat /etc/resolv.conf >"$1/etc/resolv.conf"
	cat /etc/hosts >"$1/etc/hosts"
	cat /etc/ssl/certs/ca-certificates.crt >"$1/srv/machine/ca.crt"
}

# HEAD of this checkout, for the root to clone.
give_checkout() {
	git clone -q --bare --no-local "$top" "$1/srv/social.git"
	[ -z "$(git -C "$top" status --porcelain)" ] || say 'there are changes in the checkout that HEAD does not have: they are not proven'
}

# What npm on this machine is told about its registry, as variables for the one in the root.
npm_settings() {
	local name value
	command -v npm >/dev/null || return 0
	for name in registry proxy https-proxy strict-ssl; do
		value=$(cd / && npm config get "$name")
		case $value in null | undefined | '') ;; *) echo "npm_config_${name//-/_}=$value" ;; esac
	done
	[ "$(cd / && npm config get cafile)" = null ] && [ -z "${NODE_EXTRA_CA_CERTS:-}" ] || echo NODE_EXTRA_CA_CERTS=/srv/machine/ca.crt
}

# open_root DIRECTORY ARCHIVES [LOWER]: namespaces for a root, which end with process 1; apt's downloads
# go to ARCHIVES. With LOWER the root is a copy of that one, made as it is written, and has a network
# of its own, in which there is nothing but itself.
open_root() {
	root=$1
	mkdir -p "$root" ${3:+"$root.upper" "$root.work"}
	unshare --mount --pid --ipc ${3:+--net} --fork --kill-child bash -euc '
		mount --make-rprivate /
		if [ -n "${3:-}" ]; then
			mount -t overlay -o "lowerdir=$3,upperdir=$1.upper,workdir=$1.work" overlay "$1"
			ip link set lo up
		else
			mount --bind "$1" "$1"
		fi
		mount -t proc proc "$1/proc"
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		mount --bind "$2" "$1/var/cache/apt/archives"
		ln -sf pts/ptmx "$1/dev/ptmx"
		exec chroot "$1" /bin/sleep infinity' sh "$@" </dev/null >"$work/namespace.log" 2>&1 &
	holder=$!
	local deadline=$((SECONDS + 60))
	until pid_one=$(cat "/proc/$holder/task/$holder/children") && pid_one=${pid_one% } && [ -n "$pid_one" ] &&
		[ "$(cat "/proc/$pid_one/comm")" = sleep ]; do
		kill -0 "$holder" 2>/dev/null && [ $SECONDS -lt $deadline ] ||
			{ cat "$work/namespace.log" >&2; die 'no namespaces: unshare or mount failed'; }
		sleep 0.05
	done 2>/dev/null
}

# close_root [keep]: ends what lives in it, and removes it
close_root() {
	[ -n "$holder" ] || return 0
	kill -KILL "$holder" 2>/dev/null || true
	wait "$holder" 2>/dev/null || true
	holder=
	local deadline=$((SECONDS + 60))
	while [ -d "/proc/$pid_one" ] && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
	[ "${1:-}" = keep ] || rm -rf --one-file-system "$root" "$root.upper" "$root.work"
}

# as USER DIRECTORY COMMAND: in the root, with the environment that a login has.
as() {
	local user=$1 directory=$2 home=/root
	[ "$user" = root ] || home=/home/$user
	nsenter --target "$pid_one" --mount --pid --ipc --net --root --wd="/proc/$pid_one/root/" -- \
		env -i --default-signal HOME=$home USER="$user" LOGNAME="$user" SHELL=/bin/bash TERM=xterm \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${machine[@]}" \
		setpriv --reuid "$user" --regid "$user" --init-groups -- bash -c "cd $directory && $3"
}

# What lives in the root, but for process 1; zombies do not.
processes() {
	local namespace process state
	namespace=$(readlink "/proc/$pid_one/ns/pid")
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/ns/pid")" = "$namespace" ] && [ "$process" != "/proc/$pid_one" ] || continue
		state=$(sed 's/.*) //' "$process/stat")
		case $state in Z* | X*) ;; *) echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline")" ;; esac
	done 2>/dev/null || true
}

timed() { # timed WHO WHAT COMMAND...: quietly, says how long it took; a signal to us ends the wait
	local who=$1 what=$2 began=$SECONDS
	shift 2
	"$@" >"$work/output" 2>&1 &
	wait $! || { grep -E '^(not ok|# )' "$work/output" | tail -n 100 >&2 || true; tail -n 200 "$work/output" >&2; die "$who: $what failed"; }
	say "$who: $what: $((SECONDS - began)) s"
}

# begin DIRECTORY: a new directory below it for all that is made here, gone however this ends
begin() {
	work=$(mktemp -d "$1/social-$me.XXXXXX")
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mapfile -t machine < <(npm_settings)
}
finish() {
	local status=$?
	trap '' INT TERM HUP
	close_root
	[ -z "${cgroup:-}" ] || remove_cgroup
	rm -rf --one-file-system "$work"
	exit $status
}
