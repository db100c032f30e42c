package host

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"orderwire/netpoll"
)

// PickCPUs chooses a CPU for each of n loops, best first, and says why: isolated ones, near the card that
// carries the orders, never two siblings of one core, and not CPU 0 while there is another.
//
// Errors: where fewer CPUs may be used than loops and one spare.
func PickCPUs(c Config, n int) (cpus []int, why string, err error) {
	allowed, err := netpoll.Affinity()
	if err != nil {
		return nil, "", err
	}
	t := tree{c.Root}
	if text, ok := t.text("/sys/devices/system/cpu/isolated"); ok {
		if isolated, err := ParseCPUs(text); err == nil && len(isolated) > 0 {
			// Isolated CPUs are outside of the default affinity, and still ours to pin to.
			return pick(t, append(slices.Clone(isolated), allowed...), isolated, nodeOfCard(t, c.Interface), n)
		}
	}
	return pick(t, allowed, nil, nodeOfCard(t, c.Interface), n)
}

func pick(t tree, candidates, isolated []int, node, n int) (cpus []int, why string, err error) {
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	if n >= len(candidates) {
		return nil, "", fmt.Errorf("host: %d loops need %d CPUs, of which this process has %d", n, n+1, len(candidates))
	}
	near, _ := t.text(fmt.Sprintf("/sys/devices/system/node/node%d/cpulist", node))
	local, _ := ParseCPUs(near) // an unreadable list means that no CPU is nearer than another
	rank := func(cpu int) int {
		score := 0
		if slices.Contains(isolated, cpu) {
			score -= 4
		}
		if slices.Contains(local, cpu) {
			score -= 2
		}
		if cpu == 0 { // boot CPU: timekeeping and most interrupts
			score += 8
		}
		return score
	}
	slices.SortStableFunc(candidates, func(a, b int) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return b - a // the last ones have the fewest tenants
	})
	taken := map[string]bool{}
	var spare []int
	for _, cpu := range candidates {
		siblings, ok := t.text(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
		if ok && taken[siblings] {
			spare = append(spare, cpu)
			continue
		}
		taken[siblings] = ok
		cpus = append(cpus, cpu)
	}
	cpus = append(cpus, spare...)[:n]
	var reasons []string
	for _, cpu := range cpus {
		reason := "highest number"
		switch {
		case slices.Contains(isolated, cpu):
			reason = "isolated"
		case slices.Contains(local, cpu) && node >= 0:
			reason = fmt.Sprintf("on node %d of the card", node)
		}
		reasons = append(reasons, fmt.Sprintf("CPU %d: %s", cpu, reason))
	}
	return cpus, strings.Join(reasons, "; "), nil
}

// nodeOfCard is the NUMA node that a network card hangs on, -1 where it does not matter or is not told.
func nodeOfCard(t tree, card string) int {
	if card == "" {
		return -1
	}
	n, ok := t.number(path.Join("/sys/class/net", card, "device/numa_node"))
	if !ok {
		return -1
	}
	return int(n)
}
