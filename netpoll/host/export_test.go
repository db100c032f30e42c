package host

// Keyholes for tests of parsers and judgements.
var (
	InterruptsOf      = interruptsOf
	SafeSchedulerWith = safeScheduler
	CoalescingRow     = coalescingRow
)

// Pick chooses among given CPUs on a given tree.
func Pick(root string, candidates, isolated []int, node, n int) ([]int, string, error) {
	return pick(tree{root}, candidates, isolated, node, n)
}
