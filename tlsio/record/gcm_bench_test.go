package record_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orderwire/tlsio/record"
)

// contender is one way to seal or open records, in a state of its own.
type contender struct {
	name string
	run  func()
}

// BenchmarkKernels times what can replace each other in turns of a hundred calls, so that a slow spell of the host hits all of
// them, and reports the median turn of each. of=chained makes each record wait for the tag of the one before: what one record
// takes, where of=back-to-back is what a stream of them costs each.
func BenchmarkKernels(b *testing.B) {
	for _, suite := range []record.Suite{record.AES128GCM, record.AES256GCM} {
		for _, size := range []int{64, 200, 256, 320, 480, 1000, 4096, 16384} {
			for _, chained := range []bool{false, true} {
				of := map[bool]string{false: "back-to-back", true: "chained"}[chained]
				b.Run(fmt.Sprintf("do=seal/suite=%v/size=%d/of=%s", suite, size, of), func(b *testing.B) {
					race(b, sealContenders(b, suite, size, chained))
				})
			}
			b.Run(fmt.Sprintf("do=open/suite=%v/size=%d", suite, size), func(b *testing.B) {
				race(b, openContenders(b, suite, size))
			})
		}
	}
}

const turnCalls = 100

// race runs the contenders in turns and reports medians in nanoseconds a call.
func race(b *testing.B, contenders []contender) {
	b.Helper()
	turns := make([][]float64, len(contenders))
	for b.Loop() {
		for i, c := range contenders {
			begin := time.Now()
			c.run()
			turns[i] = append(turns[i], float64(time.Since(begin).Nanoseconds())/turnCalls)
		}
	}
	for i, c := range contenders {
		slices.Sort(turns[i])
		b.ReportMetric(turns[i][len(turns[i])/2], "ns-"+c.name)
	}
	b.ReportMetric(0, "ns/op") // the sum of all means nothing
}

// zero keeps the compiler from seeing that a chained record does not need the tag before it.
var zero uint64

func sealContenders(b *testing.B, suite record.Suite, size int, chained bool) (list []contender) {
	b.Helper()
	record.EachTier(suite, func(name string, tier record.Tier) {
		keys := randomKeys(b, suite)
		keys.Tier = tier
		sealer, err := record.NewSealer(keys)
		if err != nil {
			b.Fatal(err)
		}
		// Buffers in turn, as an arena gives them: a text that was sealed a moment ago would be loaded over its own tag, and wait.
		var bufs [8][]byte
		for i := range bufs {
			bufs[i] = make([]byte, record.MaxHead+size+record.MaxTail)
		}
		turn := func(ahead bool) func() {
			return func() {
				seq := uint64(0)
				for range turnCalls {
					sealer.SetSeq(seq)
					if ahead {
						sealer.PretendAhead(size)
					}
					buf := bufs[seq%uint64(len(bufs))]
					_, to := sealer.SealInPlace(buf, record.MaxHead, size)
					seq++
					if chained {
						seq += uint64(buf[to-1]) & zero
					}
				}
			}
		}
		list = append(list, contender{name, turn(false)})
		if sealer.PretendAhead(size) {
			list = append(list, contender{name + "-ahead", turn(true)})
		}
	})
	return list
}

func openContenders(b *testing.B, suite record.Suite, size int) (list []contender) {
	b.Helper()
	record.EachTier(suite, func(name string, tier record.Tier) {
		keys := randomKeys(b, suite)
		keys.Tier = tier
		sealer, err := record.NewSealer(keys)
		if err != nil {
			b.Fatal(err)
		}
		opener, err := record.NewOpener(keys)
		if err != nil {
			b.Fatal(err)
		}
		rec := make([]byte, record.MaxHead+size+record.MaxTail)
		from, to := sealer.SealInPlace(rec, record.MaxHead, size)
		rec = rec[from:to]
		work := make([]byte, len(rec))
		list = append(list, contender{name, func() {
			for range turnCalls {
				copy(work, rec)
				opener.SetSeq(0)
				if ev, _, err := opener.Next(work); err != nil || len(ev.Data) != size {
					b.Fatal(err)
				}
			}
		}})
	})
	return list
}

// BenchmarkPrepareNext is what the idle turn pays: once for a record, and then for each time it asks again.
func BenchmarkPrepareNext(b *testing.B) {
	for _, size := range []int{320, record.MaxAhead} {
		for _, again := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/again=%v", size, again), func(b *testing.B) {
				client, _ := pair(b, record.AES128GCM)
				if !client.PrepareNext(size) {
					b.Skipf("kernel %s: no keystream ahead", client.Kernel())
				}
				seq := uint64(0)
				b.ReportAllocs()
				for b.Loop() {
					if !again {
						seq++
						client.Sealer.SetSeq(seq % record.SoftLimitGCM)
					}
					client.PrepareNext(size)
				}
			})
		}
	}
}
