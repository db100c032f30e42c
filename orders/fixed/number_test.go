package fixed_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"orderwire/orders/fixed"
)

// randomNumber draws from what is interesting: small, large and extreme mantissas at any scale.
func randomNumber(random *rand.Rand) fixed.Number {
	n := fixed.Number{Scale: uint8(random.IntN(fixed.MaxScale + 1))}
	switch random.IntN(4) {
	case 0:
		n.Mantissa = random.Int64N(2001) - 1000
	case 1:
		n.Mantissa = int64(random.Uint64()) >> random.IntN(64)
	case 2:
		n.Mantissa = (random.Int64N(2001) - 1000) * int64(math.Pow10(random.IntN(16)))
	default:
		n.Mantissa = []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 1e18, -1e18}[random.IntN(8)]
	}
	return n
}

func TestArithmeticAgainstRat(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 60_000 {
		a, b := randomNumber(random), randomNumber(random)
		if got, want := a.Cmp(b), value(a).Cmp(value(b)); got != want {
			t.Fatalf("(%+v).Cmp(%+v) = %d, want %d", a, b, got, want)
		}
		checkExact(t, "Add", a, b, new(big.Rat).Add(value(a), value(b)), a.Add)
		checkExact(t, "Sub", a, b, new(big.Rat).Sub(value(a), value(b)), a.Sub)
		checkExact(t, "Mul", a, b, new(big.Rat).Mul(value(a), value(b)), a.Mul)
		checkRescale(t, a, uint8(random.IntN(21)))
		if trimmed := a.Trim(); value(trimmed).Cmp(value(a)) != 0 || trimmed.Scale > 0 && trimmed.Mantissa%10 == 0 {
			t.Fatalf("(%+v).Trim() = %+v", a, trimmed)
		}
	}
}

// checkExact holds an operation to its promise: ok means exact, and not ok means that it could not be.
func checkExact(t *testing.T, name string, a, b fixed.Number, want *big.Rat, operation func(fixed.Number) (fixed.Number, bool)) {
	t.Helper()
	got, ok := operation(b)
	if ok && value(got).Cmp(want) != 0 {
		t.Fatalf("(%+v).%s(%+v) = %+v, want %s", a, name, b, got, want.FloatString(40))
	}
	if !ok && got != (fixed.Number{}) {
		t.Fatalf("(%+v).%s(%+v) refuses with %+v", a, name, b, got)
	}
	if ok || name != "Mul" {
		return
	}
	for scale := range uint8(fixed.MaxScale + 1) {
		if fits(want, scale) {
			t.Fatalf("(%+v).Mul(%+v) refuses, but %s fits at scale %d", a, b, want.FloatString(40), scale)
		}
	}
}

func fits(want *big.Rat, scale uint8) bool {
	scaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	return scaled.IsInt() && scaled.Num().IsInt64()
}

func checkRescale(t *testing.T, n fixed.Number, scale uint8) {
	t.Helper()
	got, exact := n.Rescale(scale)
	want := scale <= fixed.MaxScale && fits(value(n), scale)
	if exact != want || exact && (got.Scale != scale || value(got).Cmp(value(n)) != 0) || !exact && got != (fixed.Number{}) {
		t.Fatalf("(%+v).Rescale(%d) = %+v, %v; want exact %v", n, scale, got, exact, want)
	}
}

func TestAppendFixed(t *testing.T) {
	for _, row := range []struct {
		n     fixed.Number
		scale uint8
		want  string
		ok    bool
	}{
		{fixed.Number{150, 2}, 2, "1.50", true},
		{fixed.Number{15, 1}, 8, "1.50000000", true},
		{fixed.Number{150, 2}, 1, "1.5", true},
		{fixed.Number{150, 2}, 0, "", false},
		{fixed.Number{200, 2}, 0, "2", true},
		{fixed.Number{5, 3}, 3, "0.005", true},
		{fixed.Number{-5, 3}, 3, "-0.005", true},
		{fixed.Number{math.MinInt64, 18}, 18, "-9.223372036854775808", true},
		{fixed.Number{1, 18}, 18, "0.000000000000000001", true},
		{fixed.Number{}, 0, "0", true},
	} {
		got, ok := fixed.AppendFixed([]byte("x"), row.n, row.scale)
		if string(got) != "x"+row.want || ok != row.ok {
			t.Errorf("AppendFixed(%+v, %d) = %q, %v; want %q, %v", row.n, row.scale, got, ok, "x"+row.want, row.ok)
		}
	}
}

func TestIsZero(t *testing.T) {
	for _, row := range []struct {
		n    fixed.Number
		want bool
	}{{fixed.Number{}, true}, {fixed.Number{0, 8}, true}, {fixed.Number{1, 18}, false}, {fixed.Number{-1, 0}, false}} {
		if row.n.IsZero() != row.want {
			t.Errorf("(%+v).IsZero() = %v", row.n, !row.want)
		}
	}
}

func TestSumAgainstRat(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		var sum fixed.Sum
		want := new(big.Rat)
		for range 20 {
			price, qty := randomNumber(random), randomNumber(random)
			before := sum
			if sum.AddProduct(price, qty) {
				want.Add(want, new(big.Rat).Mul(value(price), value(qty)))
			} else if sum != before {
				t.Fatalf("AddProduct(%+v, %+v) refuses and changes the sum", price, qty)
			}
			limit := randomNumber(random)
			if got := sum.Cmp(limit); got != want.Cmp(value(limit)) {
				t.Fatalf("sum %s: Cmp(%+v) = %d", want.FloatString(40), limit, got)
			}
		}
	}
}

func TestSumHoldsRealNotional(t *testing.T) {
	var sum fixed.Sum
	price, qty := fixed.Number{6183763000000, 8}, fixed.Number{98261000, 8}
	for range 1_000_000 {
		if !sum.AddProduct(price, qty) {
			t.Fatal("a million large prints do not fit")
		}
	}
	if one, _ := price.Mul(qty); sum.Cmp(fixed.Number{one.Mantissa, one.Scale - 6}) != 0 { // six decimals less: a million times
		t.Error("the sum of a million equal products is not a million times the product")
	}
	if sum.AddProduct(fixed.Number{-1, 0}, qty) {
		t.Error("a negative price was added")
	}
}
