package main

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"orderwire/netpoll"
)

func benchCommand(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "measure, beside a floor and beside others, in one run on this host",
		Long: `Each subcommand repeats one claim. All of them compare within one interleaved run, start the far end as a process of its
own on another core, say how quiet the host was, and mean nothing on another machine: only ratios travel.`,
		Args: noArguments,
		RunE: needsSubcommand,
	}
	c.AddCommand(benchPushCommand(s), benchColdCommand(s), benchTickCommand(s), benchPeersCommand(s), benchPeerCommand(s), benchFarCommand(s))
	return c
}

// hotProcess makes this process what a trading process is: no garbage collection, with a limit that stands behind it.
func hotProcess() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(hotMemoryBytes)
	goruntime.GC()
}

const hotMemoryBytes = 2 << 30

// loopCPUs is the CPU of the loop and the CPU of the far end: the last and the first that this process may use. Where there
// is only one, nothing is pinned.
func loopCPUs() (loop, far int, err error) {
	cpus, err := netpoll.Affinity()
	if err != nil {
		return -1, -1, fmt.Errorf("the CPUs this process may use are unknown: %w", err)
	}
	if len(cpus) < 2 {
		return -1, -1, nil
	}
	return cpus[len(cpus)-1], cpus[0], nil
}
