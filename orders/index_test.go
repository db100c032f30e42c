package orders_test

import (
	"math/rand/v2"
	"testing"

	"orderwire/orders"
)

// TestIndexAgainstMap puts, finds and drops at random, with keys in a row and keys that collide.
func TestIndexAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 21))
	for range 50 {
		capacity := 1 + random.IntN(200)
		x, want := orders.NewIndex(capacity), map[uint64]int{}
		spread := uint64(1) << random.IntN(64)
		for range 5000 {
			key := random.Uint64N(uint64(3*capacity)) * spread
			_, known := want[key]
			switch {
			case known && random.IntN(2) == 0:
				x.Drop(key)
				delete(want, key)
			case !known && len(want) < capacity:
				at := random.IntN(1 << 30)
				x.Put(key, at)
				want[key] = at
			case !known:
				x.Drop(key) // of what is not there: nothing
			}
			for _, probe := range []uint64{key, random.Uint64N(uint64(3*capacity)) * spread} {
				at, known := want[probe]
				if have := x.Find(probe); known && have != at || !known && have != -1 {
					t.Fatalf("key %d is at %d, want %d (%v)", probe, have, at, known)
				}
			}
			if x.Used() != len(want) {
				t.Fatalf("%d used, want %d", x.Used(), len(want))
			}
		}
	}
}

func TestHashTextSeesEveryByte(t *testing.T) {
	seen := map[uint64]bool{orders.HashText(1, nil): true}
	for n := 1; n < 40; n++ {
		text := make([]byte, n)
		for i := range text {
			text[i] = 'a'
			h := orders.HashText(1, text)
			if seen[h] {
				t.Fatalf("%q has the hash of another text", text)
			}
			seen[h] = true
			text[i] = 0
		}
	}
	if orders.HashText(1, []byte("x")) == orders.HashText(2, []byte("x")) {
		t.Fatal("the seed does not count")
	}
}
