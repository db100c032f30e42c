package hmac256_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"orderwire/orders/hmac256"
)

// eachRow runs test on every kernel; a missing CPU feature is skipped by its name.
func eachRow(t *testing.T, test func(t *testing.T, row string)) {
	t.Helper()
	for row, missing := range hmac256.Rows() {
		t.Run("kernel="+row, func(t *testing.T) {
			if missing != "" {
				t.Skipf("this CPU has no %s", missing)
			}
			test(t, row)
		})
	}
}

func reference(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// check compares all three forms of the sum with crypto/hmac.
func check(t *testing.T, prefix *hmac256.Prefix, key, message []byte) {
	t.Helper()
	tail := message[prefix.Absorbed():]
	want := reference(key, message)
	var sum [hmac256.Size]byte
	hmac256.Sum(prefix, tail, &sum)
	text, coded := make([]byte, hmac256.HexSize), make([]byte, hmac256.Base64Size)
	hmac256.SumHex(prefix, tail, text)
	hmac256.SumBase64(prefix, tail, coded)
	if !bytes.Equal(sum[:], want) || string(text) != hex.EncodeToString(want) || string(coded) != base64.StdEncoding.EncodeToString(want) {
		t.Fatalf("key of %d, message of %d, absorbed %d: %x, %s, %s, want %x", len(key), len(message), prefix.Absorbed(), sum, text, coded, want)
	}
}

// TestSumEqualsStandard: a million random inputs on each kernel, ten million with ORDERWIRE_LONG set.
func TestSumEqualsStandard(t *testing.T) {
	inputs := 1_000_000
	if os.Getenv("ORDERWIRE_LONG") != "" {
		inputs *= 10
	}
	if testing.Short() {
		inputs /= 10
	}
	eachRow(t, func(t *testing.T, row string) {
		random := rand.NewChaCha8([32]byte([]byte(strings.Repeat("x", 32))))
		numbers := rand.New(random)
		buffer := make([]byte, 600)
		text := make([]byte, hmac256.HexSize)
		const perKey = 100
		for range inputs / perKey {
			key := make([]byte, numbers.IntN(150))
			random.Read(key)
			front := buffer[:numbers.IntN(200)]
			random.Read(front)
			prefix := hmac256.NewKeyOn(row, key).Prefix(front)
			mac := hmac.New(sha256.New, key)
			for range perKey {
				message := buffer[:len(front)+numbers.IntN(400)]
				random.Read(message[len(front):])
				mac.Reset()
				mac.Write(message)
				want := hex.EncodeToString(mac.Sum(nil))
				hmac256.SumHex(prefix, message[prefix.Absorbed():], text)
				if string(text) != want {
					t.Fatalf("key %x, message %x: %s, want %s", key, message, text, want)
				}
			}
		}
	})
}

// TestEveryLength covers each length around the block borders, and lengths past one call of a kernel.
func TestEveryLength(t *testing.T) {
	eachRow(t, func(t *testing.T, row string) {
		key := []byte("secret")
		message := make([]byte, 200_000)
		for i := range message {
			message[i] = byte(i * 7)
		}
		for n := range 300 {
			for _, front := range []int{0, 63, 64, 65, 128, 200} {
				check(t, hmac256.NewKeyOn(row, key).Prefix(message[:min(front, n)]), key, message[:n])
			}
		}
		for _, n := range []int{65_535, 65_536, 65_537, 65_600, 131_072, 131_135, 200_000} {
			check(t, hmac256.NewKeyOn(row, key).Prefix(message[:64]), key, message[:n])
		}
	})
}

// TestRFC4231 has the RFC's own keys, messages and sums. Case 5 truncates and is not ours.
func TestRFC4231(t *testing.T) {
	repeat := func(text string, n int) string { return hex.EncodeToString(bytes.Repeat([]byte(text), n)) }
	eachRow(t, func(t *testing.T, row string) {
		for number, c := range map[int]struct{ key, message, sum string }{
			1: {repeat("\x0b", 20), hex.EncodeToString([]byte("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
			2: {hex.EncodeToString([]byte("Jefe")), hex.EncodeToString([]byte("what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
			3: {repeat("\xaa", 20), repeat("\xdd", 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
			4: {"0102030405060708090a0b0c0d0e0f10111213141516171819", repeat("\xcd", 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
			6: {repeat("\xaa", 131), hex.EncodeToString([]byte("Test Using Larger Than Block-Size Key - Hash Key First")), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
			7: {repeat("\xaa", 131), hex.EncodeToString([]byte("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.")), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
		} {
			key, err := hex.DecodeString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			message, err := hex.DecodeString(c.message)
			if err != nil {
				t.Fatal(err)
			}
			text := make([]byte, hmac256.HexSize)
			prefix := hmac256.NewKeyOn(row, key).Prefix(message)
			hmac256.SumHex(prefix, message[prefix.Absorbed():], text)
			if string(text) != c.sum {
				t.Errorf("case %d: %s, want %s", number, text, c.sum)
			}
		}
	})
}

func TestExtend(t *testing.T) {
	eachRow(t, func(t *testing.T, row string) {
		key, message := []byte("secret"), make([]byte, 500)
		for i := range message {
			message[i] = byte(i)
		}
		base := hmac256.NewKeyOn(row, key).Prefix(message[:70])
		further := hmac256.NewKeyOn(row, nil).Prefix(nil)
		for n := 0; n < 430; n += 13 {
			base.Extend(message[base.Absorbed():base.Absorbed()+n], further)
			if further.Absorbed() != (base.Absorbed()+n)/64*64 {
				t.Fatalf("absorbed %d of %d", further.Absorbed(), base.Absorbed()+n)
			}
			check(t, further, key, message)
		}
		check(t, base, key, message)
		// The race detector, under which make check runs the short form, allocates by itself.
		if n := testing.AllocsPerRun(100, func() { base.Extend(message[64:300], further) }); n != 0 && !testing.Short() {
			t.Fatalf("%v allocations", n)
		}
	})
}

func TestSumAllocatesNothing(t *testing.T) {
	eachRow(t, func(t *testing.T, row string) {
		prefix := hmac256.NewKeyOn(row, []byte("secret")).Prefix(make([]byte, 70))
		tail := make([]byte, 150)
		var sum [hmac256.Size]byte
		text := make([]byte, hmac256.HexSize)
		if n := testing.AllocsPerRun(100, func() {
			hmac256.Sum(prefix, tail, &sum)
			hmac256.SumHex(prefix, tail, text)
			hmac256.SumBase64(prefix, tail, text)
		}); n != 0 {
			t.Fatalf("%v allocations", n)
		}
	})
}

func TestWipe(t *testing.T) {
	eachRow(t, func(t *testing.T, row string) {
		key := hmac256.NewKeyOn(row, []byte("secret"))
		prefix := key.Prefix(make([]byte, 100))
		check(t, prefix, []byte("secret"), make([]byte, 164))
		prefix.Wipe()
		key.Wipe()
		if !prefix.Empty() || *key != (hmac256.Key{}) {
			t.Fatal("key material is left")
		}
	})
}

func TestNoKeyLeaks(t *testing.T) {
	key := hmac256.NewKey([]byte("secret"))
	for _, v := range []any{key, *key, key.Prefix(nil)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if text := fmt.Sprintf(verb, v); text != "[redacted]" {
				t.Errorf("%T under %s shows %s", v, verb, text)
			}
		}
	}
}

func TestForce(t *testing.T) {
	defer func() {
		if err := hmac256.Force(""); err != nil {
			t.Fatal(err)
		}
	}()
	if err := hmac256.Force("sse2"); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("unknown tier: %v", err)
	}
	if err := hmac256.Force("generic"); err != nil || hmac256.KernelName() != "standard" {
		t.Errorf("generic: %v, %s", err, hmac256.KernelName())
	}
	missing, listed := hmac256.Rows()["shani"]
	err := hmac256.Force("shani")
	switch {
	case !listed && err != nil:
		t.Errorf("shani on a build without it: %v", err)
	case listed && missing == "" && (err != nil || hmac256.KernelName() != "shani"):
		t.Errorf("shani: %v, %s", err, hmac256.KernelName())
	case listed && missing != "" && err == nil:
		t.Errorf("shani is missing and accepted")
	}
}
