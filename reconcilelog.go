package dynamodbstore

import (
	"context"
	"log/slog"
	"slices"
)

// logReconciled tells what a start has changed of the persisted configuration,
// and what is not backfilled: names of settings and numbers of days, as the
// operator gave them, and nothing of what is stored under them.
func (c *settings) logReconciled(ctx context.Context, before, now *configuration) {
	var changes []slog.Attr
	if added := minus(now.patterns, before.patterns); len(added) > 0 && before.lists > 0 {
		changes = append(changes, slog.Any("tag_patterns_added", added))
	}
	was := before.policy.fields()
	for i, f := range now.policy.fields() {
		if *f.days != *was[i].days {
			changes = append(changes, slog.Group(f.attr, slog.Int64("was", *was[i].days), slog.Int64("is", *f.days)))
		}
	}
	if len(changes) > 0 {
		c.logger.LogAttrs(ctx, slog.LevelInfo, "configuration changed by the environment", changes...)
	}
	c.logNotBackfilled(ctx, now)
}

// logNotBackfilled tells which patterns and fields in force searches cannot rely
// on yet, with the commands that change that.
func (c *settings) logNotBackfilled(ctx context.Context, cfg *configuration) {
	if missing := minus(cfg.patterns, cfg.tags.complete); len(missing) > 0 {
		c.logger.LogAttrs(ctx, slog.LevelInfo, "tag patterns are not backfilled: searches do not use them yet",
			slog.Any("tag_patterns", missing), slog.String("command", "denormalize-tags backfill"))
	}
	fields := unionOf(unionOf(alwaysTrigramFields(), cfg.trigramFields), cfg.envFields)
	if missing := minus(fields, cfg.fields.complete); len(missing) > 0 {
		c.logger.LogAttrs(ctx, slog.LevelInfo, "trigram fields are not backfilled: searches do not use them yet",
			slog.Any("trigram_fields", missing), slog.String("command", "fts-trigrams backfill"))
	}
}

// minus returns what list has and other has not.
func minus(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
