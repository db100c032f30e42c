package bench

import (
	"math"
	"testing"
)

func TestSplitmix64(t *testing.T) {
	// The first numbers of the reference implementation (prng.di.unimi.it/splitmix64.c) from state 1234567; its state
	// advances by the golden gamma, which is what is added here.
	const gamma = 0x9e3779b97f4a7c15
	state := uint64(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := splitmix64(state); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
		state += gamma
	}
}

func TestSequenceKeepsToItsRanges(t *testing.T) {
	s := Sequence{Seed: 7, ThinkNanos: 60_000}
	sum, n := 0.0, 100_000
	for i := range n {
		price, qty := s.Order(i)
		if price.Scale != 2 || price.Mantissa < 6412345 || price.Mantissa >= 6512345 {
			t.Fatalf("price %v", price)
		}
		if qty.Scale != 5 || qty.Mantissa < 1000 || qty.Mantissa >= 10000 {
			t.Fatalf("quantity %v", qty)
		}
		wait := s.Wait(i)
		if wait < 15_000 || wait > 240_000 {
			t.Fatalf("wait of %d ns is outside of a quarter and four times of the mean", wait)
		}
		sum += float64(wait)
	}
	// The mean of an exponential clipped to [1/4, 4]: 1/4 + e^(-1/4) - e^(-4).
	want := (0.25 + math.Exp(-0.25) - math.Exp(-4)) * 60_000
	if mean := sum / float64(n); math.Abs(mean-want) > 0.02*want {
		t.Errorf("mean wait %.0f ns, want about %.0f", mean, want)
	}
}

func TestSequenceOfOneSeedIsOne(t *testing.T) {
	a, b := Sequence{Seed: 1, ThinkNanos: 1000}, Sequence{Seed: 2, ThinkNanos: 1000}
	same := 0
	for i := range 1000 {
		if a.Wait(i) == b.Wait(i) {
			same++
		}
		if first, again := a.Wait(i), a.Wait(i); first != again {
			t.Fatal("one order has two waits")
		}
	}
	if same > 400 { // the clipped ones are equal by design: 22 % of each
		t.Errorf("%d of 1000 waits of two seeds are equal", same)
	}
}
