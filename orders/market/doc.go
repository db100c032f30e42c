// Package market is what a market is: trades, quotes, books, gaps.
package market
