//go:build amd64 && !purego

package netpoll_test

import (
	"testing"

	"orderwire/netpoll"
)

func TestCounterIsUsedOnlyWhereTheKernelTrustsIt(t *testing.T) {
	const good = "processor\t: 0\nflags\t\t: fpu tsc constant_tsc nonstop_tsc sse\nbugs\t: none\n"
	for _, row := range []struct {
		name, cpuinfo, source, want string
	}{
		{"all is well", good, "tsc", ""},
		{"a guest's clock", good, "kvm-clock", "the kernel's clock source is kvm-clock"},
		{"sleeping counter", "flags : tsc constant_tsc", "tsc", "the CPU lacks nonstop_tsc"},
		{"varying counter", "flags : tsc nonstop_tsc", "tsc", "the CPU lacks constant_tsc"},
		{"a longer name", "flags : xconstant_tsc nonstop_tsc", "tsc", "the CPU lacks constant_tsc"},
		{"no flags", "", "tsc", "the CPU lacks constant_tsc"},
	} {
		if got := netpoll.Unfit(row.cpuinfo, row.source); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
