// Package runtime composes the rooms into one pinned loop and its supervisor.
package runtime
