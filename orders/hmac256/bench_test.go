package hmac256_test

import (
	"fmt"
	"testing"

	"orderwire/orders/hmac256"
)

func BenchmarkSumHex(b *testing.B) {
	for _, tier := range []string{"generic", "shani"} {
		if err := hmac256.Force(tier); err != nil {
			b.Logf("skipped: %v", err)
			continue
		}
		for _, size := range []int{22, 119, 150, 183} {
			prefix := hmac256.NewKey([]byte("secret")).Prefix(nil)
			tail := make([]byte, size)
			out := make([]byte, hmac256.HexSize)
			b.Run(fmt.Sprintf("kernel=%s/size=%d", hmac256.KernelName(), size), func(b *testing.B) {
				for b.Loop() {
					hmac256.SumHex(prefix, tail, out)
				}
			})
		}
	}
	if err := hmac256.Force(""); err != nil {
		b.Fatal(err)
	}
}
