package settings

import (
	"context"
	"log/slog"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// logReconciled tells what a start has changed of the persisted configuration,
// and what is not backfilled: names of settings and numbers of days, as the
// operator gave them, and nothing of what is stored under them.
func (c *Store) logReconciled(ctx context.Context, before, now *Configuration) {
	var changes []slog.Attr
	if added := minus(now.Patterns, before.Patterns); len(added) > 0 && before.lists > 0 {
		changes = append(changes, slog.Any("tag_patterns_added", added))
	}
	was := before.Policy.fields()
	for i, f := range now.Policy.fields() {
		if *f.days != *was[i].days {
			changes = append(changes, slog.Group(f.attr, slog.Int64("was", *was[i].days), slog.Int64("is", *f.days)))
		}
	}
	if len(changes) > 0 {
		c.Logger.LogAttrs(ctx, slog.LevelInfo, "configuration changed by the environment", changes...)
	}
	c.logNotBackfilled(ctx, now)
}

// logNotBackfilled tells which patterns and fields in force searches cannot rely
// on yet, with the commands that change that.
func (c *Store) logNotBackfilled(ctx context.Context, cfg *Configuration) {
	if missing := minus(cfg.Patterns, cfg.Tags.Complete); len(missing) > 0 {
		c.Logger.LogAttrs(ctx, slog.LevelInfo, "tag patterns are not backfilled: searches do not use them yet",
			slog.Any("tag_patterns", missing), slog.String("command", "denormalize-tags backfill"))
	}
	fields := UnionOf(UnionOf(index.AlwaysFields(), cfg.trigramFields), cfg.envFields)
	if missing := minus(fields, cfg.Fields.Complete); len(missing) > 0 {
		c.Logger.LogAttrs(ctx, slog.LevelInfo, "trigram fields are not backfilled: searches do not use them yet",
			slog.Any("trigram_fields", missing), slog.String("command", "fts-trigrams backfill"))
	}
}

// minus returns what list has and other has not.
func minus(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
