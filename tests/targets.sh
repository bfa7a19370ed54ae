# Reads tests/targets for the scripts that source this file; `targets` holds that table's path.

# everyday_targets prints the names of the targets that are tested every day, more_targets those of the others for which rustup
# has the standard library, and nightly_targets those for which it has none.
everyday_targets() { names_of everyday; }
more_targets() { names_of more; }
nightly_targets() { names_of nightly; }
all_targets() { everyday_targets; more_targets; }
names_of() {
	awk -v wanted="$1" '
		function finish() { if (name != "" && group == wanted) print name; group = "more" }
		$1 == "target" { finish(); name = $2 }
		$1 == "toolchain" || $1 == "tested" { group = $2 }
		END { finish() }' "$targets"
}

# describe COLUMN VALUE: sets a variable for each column of the record that has VALUE in COLUMN; empty where the record
# lacks the column. `native` is yes on a machine that runs the target's programs itself, `host` where it also has their C
# library; `cc`, `objdump` and `size` are the programs to use, and `sysroot` contains the C library.
describe() {
	target='' triple='' tested='' toolchain='' rustflags='' width='' elf='' native_on='' prefix='' cflags='' packages='' loader=''
	emulator='' machine='' system='' console='' keyboard='' seconds='' kernels='' entry='' entries='' call='' lookup='' vectors=''
	lacks='' also=''
	eval "$(awk -v column="$1" -v value="$2" -v quote="'" '
		function finish() { if (found) printf "%s", record; record = ""; found = 0 }
		/^#/ || NF == 0 { next }
		$1 == "target" { finish() }
		{
			text = $0
			sub(/^[a-z_]+ +/, "", text)
			if ($1 == column && text == value) found = 1
			gsub(quote, quote "\\" quote quote, text)
			record = record $1 "=" quote text quote "\n"
		}
		END { finish() }' "$targets")"
	[ -n "$target" ] || return 1
	uname_m=$(uname -m)
	native=no host=no sysroot=/usr/${prefix%-} cc=${prefix}gcc objdump=${prefix}objdump size=${prefix}size
	case " $native_on " in *" $uname_m "*) native=yes ;; esac
	[ "${native_on%% *}" != "$uname_m" ] ||
		host=yes sysroot='' cc=cc objdump=objdump size=size packages='gcc libc6-dev'
}

# require_target NAME: describes the target of that name; without one the script ends.
require_target() {
	describe target "$1" && return
	echo "$0: tests/targets has no target '$1', but: $({ all_targets; nightly_targets; } | tr '\n' ' ')" >&2
	exit 1
}

# describe_program FILE: the same, for the target whose program or object FILE is.
describe_program() {
	# shellcheck disable=SC2046 # four bytes
	describe elf "$(echo $(od -An -v -tx1 -j4 -N2 "$1") $(od -An -v -tx1 -j18 -N2 "$1"))"
}
