package netpoll_test

import (
	"errors"
	"testing"

	"orderwire/netpoll"
)

func TestArenaGivesEachSlotOnce(t *testing.T) {
	a := newArena(t, 5, 100)
	if a.SlotBytes() != 128 {
		t.Errorf("slot of 100 bytes became %d, want whole cache lines: 128", a.SlotBytes())
	}
	taken := map[netpoll.Slot]bool{}
	for range 5 {
		s, ok := a.Take()
		if !ok || s == 0 || taken[s] {
			t.Fatalf("Take = %d, %v with %v taken", s, ok, taken)
		}
		taken[s] = true
		b := a.Bytes(s)
		if len(b) != 128 || cap(b) != 128 {
			t.Fatalf("slot %d has len %d, cap %d", s, len(b), cap(b))
		}
		for i := range b {
			b[i] = byte(s)
		}
	}
	if s, ok := a.Take(); ok {
		t.Fatalf("sixth Take gave %d", s)
	}
	for s := range taken {
		for i, got := range a.Bytes(s) {
			if got != byte(s) {
				t.Fatalf("slot %d byte %d was overwritten with %d", s, i, got)
			}
		}
		a.Put(s)
	}
	a.Put(0)
	if a.Free() != 5 {
		t.Errorf("free %d after all were put, want 5", a.Free())
	}
}

func TestArenaGivesTheWarmestSlotFirst(t *testing.T) {
	a := newArena(t, 4, 64)
	first, _ := a.Take()
	second, _ := a.Take()
	a.Put(first)
	a.Put(second)
	if got, _ := a.Take(); got != second {
		t.Errorf("took %d, want %d, which was put last", got, second)
	} else {
		a.Put(got)
	}
}

func TestArenaRefusesToCloseUnderTheKernel(t *testing.T) {
	a := newArena(t, 2, 64)
	s, _ := a.Take()
	if err := a.Close(); !errors.Is(err, netpoll.ErrSlotsOut) {
		t.Errorf("Close with a slot out: %v", err)
	}
	a.Bytes(s)[0] = 1 // still mapped
	a.Put(s)
}

func TestArenaRefusesBadShapes(t *testing.T) {
	for _, row := range []struct {
		name             string
		slots, slotBytes int
	}{
		{"no slots", 0, 64},
		{"too many slots", 1 << 16, 64},
		{"tiny slots", 4, 63},
		{"huge slots", 4, 1<<20 + 1},
	} {
		if a, err := netpoll.NewArena(row.slots, row.slotBytes); err == nil {
			t.Errorf("%s: made %v", row.name, a)
		}
	}
}

func TestArenaAllocatesNothing(t *testing.T) {
	if netpoll.OwnershipChecked {
		t.Skip("owcheck: assertions allocate")
	}
	a := newArena(t, 8, 256)
	if n := testing.AllocsPerRun(100, func() {
		s, _ := a.Take()
		a.Bytes(s)[0] = 1
		a.Put(s)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkArena(b *testing.B) {
	a := newArena(b, 8, 4096)
	b.ReportAllocs()
	for range b.N {
		s, _ := a.Take()
		a.Bytes(s)[0] = 1
		a.Put(s)
	}
}
