// Package orders is what an order is: templates, patching, signing, ids, limits, risk and the state of each order.
package orders
