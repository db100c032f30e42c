package orders_test

import (
	"regexp"
	"testing"

	"orderwire/orders"
)

func TestIDForms(t *testing.T) {
	for _, row := range []struct {
		name  string
		space orders.IDSpace
		want  string
	}{
		{"text", orders.IDSpace{Prefix: "ow", Epoch: 36*36 + 35}, "ow0010z0000001234"},
		{"longest text is Kraken's 18", orders.IDSpace{Prefix: "abc", Epoch: orders.EpochMax}, "abczzzzz0000001234"},
		{"bare", orders.IDSpace{Prefix: "ow-", Form: orders.IDBare}, "ow-0000001234"},
		{"uuid", orders.IDSpace{Prefix: "ow", Epoch: 0x01020304, Form: orders.IDUUID}, "006f7701-0203-8040-8000-0000000004d2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := row.space.Text(1234)
			if text != row.want || len(text) != row.space.Width() {
				t.Fatalf("%q, want %q of %d", text, row.want, row.space.Width())
			}
			epoch, counter, ours := row.space.Parse([]byte(text))
			if !ours || counter != 1234 || epoch != row.space.Epoch {
				t.Fatalf("parsed as %d, %d, %v", epoch, counter, ours)
			}
		})
	}
}

func TestIDForeign(t *testing.T) {
	space := orders.IDSpace{Prefix: "ow", Epoch: 9}
	for _, text := range []string{
		"", "ow", "xx000090000000001", "ow0000900000000011", "ow00009000000000a", "ow0000A0000000001", "OW000090000000001",
		"web_4d96324ff9d44481", "006f7701-0203-8040-8000-0000000004d2",
	} {
		if _, _, ours := space.Parse([]byte(text)); ours {
			t.Errorf("%q is taken for ours", text)
		}
	}
	uuids := orders.IDSpace{Prefix: "ow", Form: orders.IDUUID}
	for _, text := range []string{
		"496ffbba-7dae-4864-f7e8-a5bf52c6d0e2", "006f7801-0203-8040-8000-0000000004d2", "006f7701-0203-4040-8000-0000000004d2",
		"006f7701-0203-8040-9000-0000000004d2", "006f7701x0203-8040-8000-0000000004d2", "006f7701-0203-8040-8000-000000000xd2",
	} {
		if _, _, ours := uuids.Parse([]byte(text)); ours {
			t.Errorf("%q is taken for ours", text)
		}
	}
	earlier, _, ours := space.Parse([]byte(orders.IDSpace{Prefix: "ow", Epoch: 8}.Text(5)))
	if !ours || earlier != 8 {
		t.Errorf("an id of an earlier life is epoch %d, %v", earlier, ours)
	}
}

// TestR3IDsNeverRepeat: ten million ids over a thousand lives of the process. Each is read back as the epoch and
// counter it was made from, so no two of them can share a text.
func TestR3IDsNeverRepeat(t *testing.T) {
	const lives, each = 1000, 10_000
	alphabet := regexp.MustCompile(`^[a-z0-9]{1,18}$`)
	buffer := make([]byte, 0, 36)
	for life := range uint32(lives) {
		space := orders.IDSpace{Prefix: "ow1", Epoch: life * 60_000}
		var ids orders.IDs
		for want := uint64(1); want <= each; want++ {
			text := space.AppendText(buffer, ids.Next())
			if epoch, counter, ours := space.Parse(text); !ours || epoch != space.Epoch || counter != want {
				t.Fatalf("%s of epoch %d, counter %d is read as %d, %d, %v", text, space.Epoch, want, epoch, counter, ours)
			}
		}
		if text := space.Text(each); !alphabet.MatchString(text) {
			t.Fatalf("%s is outside of the venues' alphabets", text)
		}
	}
}

func TestIDsEnd(t *testing.T) {
	var ids orders.IDs
	if ids.Last() != 0 || ids.Next() != 1 || ids.Last() != 1 || ids.Left() != orders.CounterMax-1 {
		t.Fatal("counters do not begin at 1")
	}
	space := orders.IDSpace{Prefix: "ow"}
	defer func() {
		if recover() == nil {
			t.Fatal("a counter of 11 digits was cut")
		}
	}()
	space.Text(orders.CounterMax + 1)
}
