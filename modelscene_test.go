package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// modelScenes prepare registered models: "vision" to act upon, and a prompt.
var modelScenes = map[string]func(t tester, s *dynamodbstore.Store) scene{
	"models": modelScene,
	"full models": func(t tester, s *dynamodbstore.Store) scene {
		sc := modelScene(t, s)
		for i := range 4 {
			long := tag(fmt.Sprint("long", i), strings.Repeat("x", 2500))
			require.NoError(t, s.SetRegisteredModelTag(t.Context(), "vision", long))
			require.NoError(t, s.SetModelVersionTag(t.Context(), "vision", 2, long))
		}
		require.NoError(t, s.SetRegisteredModelAlias(t.Context(), "vision", "elsewhere", 2))
		_, err := s.UpdateModelVersion(t.Context(), dynamodbstore.UpdateModelVersionParams{Name: "vision", Version: 2, Description: new("d2")})
		require.NoError(t, err)
		return sc
	},
	"renamed models": func(t tester, s *dynamodbstore.Store) scene {
		sc := modelScene(t, s)
		_, err := s.RenameRegisteredModel(t.Context(), "vision", "lost")
		require.NoError(t, err)
		require.NoError(t, s.DeleteRegisteredModel(t.Context(), "lost"))
		newModel(t, s, "vision")
		for range 2 {
			newVersion(t, s, "vision")
		}
		moved(t, s, "vision", 2, "Production", true)
		return sc
	},
}

func modelScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	newModel(t, s, "vision", tag("team", "a"))
	for i := range 4 {
		newVersion(t, s, "vision", tag("n", fmt.Sprint(i)))
	}
	moved(t, s, "vision", 1, "Production", false)
	moved(t, s, "vision", 2, "Production", false)
	moved(t, s, "vision", 3, "Staging", false)
	require.NoError(t, s.SetRegisteredModelAlias(t.Context(), "vision", "champion", 2))
	newModel(t, s, "greeting", tag("mlflow.prompt.is_prompt", "true"))
	newVersion(t, s, "greeting", tag("mlflow.prompt.is_prompt", "true"), tag("mlflow.prompt.text", strings.Repeat("hello ", 2000)))
	return scene{s: s}
}

func onModels(method, label string, do func(ctx context.Context, s *dynamodbstore.Store) error) act {
	return act{method: method, label: label, do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		return do(ctx, s)
	}}
}

func toStage(version int, stage string, archive bool) func(ctx context.Context, s *dynamodbstore.Store) error {
	return func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.TransitionModelVersionStage(ctx, dynamodbstore.TransitionModelVersionParams{
			Name: "vision", Version: version, Stage: stage, ArchiveExisting: archive,
		})
		return err
	}
}

// modelActs has every method that changes registered models at least once.
var modelActs = []act{
	onModels("CreateRegisteredModel", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{
			Name: "new", Description: "d", Tags: []dynamodbstore.Tag{tag("a", "b"), tag("long", strings.Repeat("x", 9000))},
		})
		return err
	}),
	onModels("CreateRegisteredModel", "of a name taken", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: "vision"})
		return err
	}),
	onModels("RenameRegisteredModel", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.RenameRegisteredModel(ctx, "vision", "new")
		return err
	}),
	onModels("RenameRegisteredModel", "to a name taken", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.RenameRegisteredModel(ctx, "vision", "greeting")
		return err
	}),
	onModels("UpdateRegisteredModel", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.UpdateRegisteredModel(ctx, dynamodbstore.UpdateRegisteredModelParams{Name: "vision", Description: strings.Repeat("d", 7000)})
		return err
	}),
	onModels("DeleteRegisteredModel", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteRegisteredModel(ctx, "vision")
	}),
	onModels("SetRegisteredModelTag", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetRegisteredModelTag(ctx, "vision", tag("team", "b"))
	}),
	onModels("SetRegisteredModelTag", "of a prompt", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetRegisteredModelTag(ctx, "vision", tag("mlflow.prompt.is_prompt", "true"))
	}),
	onModels("DeleteRegisteredModelTag", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteRegisteredModelTag(ctx, "vision", "long3")
	}),
	onModels("SetRegisteredModelAlias", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetRegisteredModelAlias(ctx, "vision", "champion", 1)
	}),
	onModels("SetRegisteredModelAlias", "another", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetRegisteredModelAlias(ctx, "vision", "other", 2)
	}),
	onModels("DeleteRegisteredModelAlias", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteRegisteredModelAlias(ctx, "vision", "elsewhere")
	}),
	onModels("CreateModelVersion", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.CreateModelVersion(ctx, dynamodbstore.CreateModelVersionParams{
			Name: "vision", Source: "models:/vision/1", StorageLocation: "s3://b/x", RunID: "r", Tags: []dynamodbstore.Tag{tag("a", "b")},
		})
		return err
	}),
	onModels("CreateModelVersion", "large", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.CreateModelVersion(ctx, dynamodbstore.CreateModelVersionParams{
			Name: "vision", Source: "s", Tags: []dynamodbstore.Tag{tag("text", strings.Repeat("x", 20000)), tag("t", "u")},
		})
		return err
	}),
	onModels("UpdateModelVersion", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.UpdateModelVersion(ctx, dynamodbstore.UpdateModelVersionParams{Name: "vision", Version: 2, Description: new("new")})
		return err
	}),
	onModels("TransitionModelVersionStage", "", toStage(2, "Staging", false)),
	onModels("TransitionModelVersionStage", "archiving", toStage(2, "Production", true)),
	onModels("TransitionModelVersionStage", "archiving others", toStage(1, "Staging", true)),
	onModels("DeleteModelVersion", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteModelVersion(ctx, "vision", 2)
	}),
	onModels("SetModelVersionTag", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetModelVersionTag(ctx, "vision", 2, tag("long3", "short"))
	}),
	onModels("SetModelVersionTag", "long", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetModelVersionTag(ctx, "vision", 1, tag("n", strings.Repeat("x", 9000)))
	}),
	onModels("SetModelVersionTag", "of a prompt", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.SetModelVersionTag(ctx, "vision", 1, tag("mlflow.prompt.is_prompt", "true"))
	}),
	onModels("DeleteModelVersionTag", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteModelVersionTag(ctx, "vision", 2, "n")
	}),
	onModels("DeleteModelVersionTag", "elsewhere", func(ctx context.Context, s *dynamodbstore.Store) error {
		return s.DeleteModelVersionTag(ctx, "vision", 2, "long3")
	}),
}
