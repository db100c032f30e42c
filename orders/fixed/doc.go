// Package fixed is exact decimal numbers.
package fixed
