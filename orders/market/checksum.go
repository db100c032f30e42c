package market

import (
	"hash/crc32"
	"strconv"
)

// checksumLevels is how many levels a side are summed. Source: Kraken, guides/spot-ws-book-v2.
const checksumLevels = 10

// checksum is Kraken's: CRC-32 (IEEE) of the best ten asks, lowest first, then the best ten bids, highest first.
// Of each level price and size count, as text without dot and without zeros in front. That text is the mantissa,
// provided that the Numbers have the decimals that were sent; trailing zeros count.
func (b *Book) checksum() uint32 {
	var text [2 * 2 * checksumLevels * 20]byte
	out := text[:0]
	for _, side := range [...]*ladder{&b.asks, &b.bids} {
		for nth := range checksumLevels {
			level, ok := side.nth(nth, true)
			if !ok {
				break
			}
			out = strconv.AppendInt(out, level.Price.Mantissa, 10)
			out = strconv.AppendInt(out, level.Qty.Mantissa, 10)
		}
	}
	return crc32.ChecksumIEEE(out)
}
