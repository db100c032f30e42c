package bench

import (
	"encoding/json"
	"fmt"
)

// Result is the JSON of a demo run. Its names are a contract with outside examiners (docs/architecture.md): fields may
// be added, none renamed.
type Result struct {
	Orders   Orders             `json:"orders"`
	Examiner Examiner           `json:"examiner"`
	Market   MarketCounts       `json:"market"`
	Triggers int64              `json:"triggers"`
	Stages   map[string]Summary `json:"stages"`
	// TickToTrade is from the receive call that returned the market frame to Submitted.
	TickToTrade Summary `json:"tick_to_trade_ns"`
	// AllocsPerPush is AllocsTotal over the pushed orders, rounded down as testing.AllocsPerRun does: what is left are the
	// control plane's few, such as the end of a connection.
	AllocsPerPush float64 `json:"allocs_per_push"`
	AllocsTotal   int64   `json:"allocs_total"` // of the whole process, from the first market frame to the last answer
	GCCycles      int64   `json:"gc_cycles"`
	Backend       string  `json:"backend"`
	Kernel        Kernel  `json:"kernel"`
	Host          Host    `json:"host"`
}

// Orders counts what became of the orders. At the end of a good run lost, unknown and duplicates are 0.
type Orders struct {
	Pushed     int64 `json:"pushed"`
	Acked      int64 `json:"acked"`
	Filled     int64 `json:"filled"`
	Rejected   int64 `json:"rejected"`
	Unknown    int64 `json:"unknown"`
	Tested     int64 `json:"tested"`     // dry runs that the exchange's test call accepted; never among pushed
	Lost       int64 `json:"lost"`       // taken by the exchange, and not known as such here
	Duplicates int64 `json:"duplicates"` // client ids that the exchange saw twice
}

// Examiner holds the exchange's counts of what we did wrong, by rule, as the exchange reports them.
type Examiner map[string]uint64

// examinerNames must be there, 0 or not: a count that is missing is no proof of zero.
var examinerNames = []string{"bad_signatures", "bad_frames", "bad_json", "unexpected"}

// MarketCounts counts what was received. Gaps are over all streams with a sequence.
type MarketCounts struct {
	Frames int64 `json:"frames"`
	Trades int64 `json:"trades"`
	Gaps   int64 `json:"gaps"`
}

// Kernel names the assembly (or portable) kernels in use.
type Kernel struct {
	SHA256 string `json:"sha256"`
	Seal   string `json:"seal"`
}

// Encode is the indented JSON text with a newline at its end. It fails where the examiner left out a count that the
// contract names, or no stage was measured.
func (r *Result) Encode() ([]byte, error) {
	for _, name := range examinerNames {
		if _, ok := r.Examiner[name]; !ok {
			return nil, fmt.Errorf("bench: result: the examiner did not count %s", name)
		}
	}
	if r.Stages == nil {
		return nil, fmt.Errorf("bench: result: no stages")
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bench: result: %w", err)
	}
	return append(text, '\n'), nil
}
