// Package faulty makes tables fail as DynamoDB and networks do, for tests.
//
// [Injector] works beneath the SDK's retryer, on the requests of a client;
// [Table] works on the calls of a [table.Table], so it can stop an operation
// of the store after any of its calls.
package faulty

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// Rates are the shares, from 0 to 1, of requests that meet a fault. Only
// requests that read or write items do.
type Rates struct {
	Throttle    float64 // refused for too much traffic
	ServerError float64 // refused with status 500
	Conflict    float64 // a write refused because of a transaction
	Lost        float64 // applied, then status 500; only what may be repeated
	LostAny     float64 // as Lost, for all that does not add: callers have to know their own writes
	Unprocessed float64 // a batch of which a part is not done
	Slow        float64 // takes SlowFor longer
	SlowFor     time.Duration
}

// tries is how often a client tries a request, so that no run of faults lasts
// longer.
const tries = 50

// Injector injects faults into the requests of a client. The same seed and the
// same order of requests meet the same faults.
type Injector struct {
	rates Rates

	mu     sync.Mutex
	random *rand.Rand
	faults int
}

// New returns an injector.
func New(seed uint64, rates Rates) *Injector {
	return &Injector{rates: rates, random: rand.New(rand.NewPCG(seed, seed))}
}

// Faults returns how many faults there were.
func (in *Injector) Faults() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.faults
}

// Configure adds the injector to a client, and gives it a retryer that hardly
// waits.
func (in *Injector) Configure(o *dynamodb.Options) {
	o.Retryer = dynamo.Retryer(func(ro *retry.StandardOptions) {
		ro.MaxAttempts = tries
		ro.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
	})
	o.APIOptions = append(o.APIOptions, in.addTo)
}

// Options returns options of a table that hardly waits.
func Options(clock func() time.Time) dynamo.Options {
	return dynamo.Options{
		Clock: clock, ConflictAttempts: tries, MinDelay: time.Microsecond, MaxDelay: time.Millisecond,
		PollInterval: time.Millisecond,
	}
}

func (in *Injector) addTo(stack *middleware.Stack) error {
	err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("FaultyInput", in.initialize), middleware.Before)
	if err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("FaultyRequest", in.finalize), "Retry", middleware.After)
}

// hit decides whether a fault of the given rate happens.
func (in *Injector) hit(rate float64) bool {
	if rate <= 0 {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.random.Float64() >= rate {
		return false
	}
	in.faults++
	return true
}

func (in *Injector) intN(n int) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.random.IntN(n)
}

type inputKey struct{}

// initialize sees each request once, with its parameters. It takes a part of
// some batches away and adds it to what is left unprocessed.
func (in *Injector) initialize(
	ctx context.Context, input middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	ctx = middleware.WithStackValue(ctx, inputKey{}, input.Parameters)
	switch p := input.Parameters.(type) {
	case *dynamodb.BatchGetItemInput:
		if in.hit(in.rates.Unprocessed) {
			return in.getSome(ctx, input, p, next)
		}
	case *dynamodb.BatchWriteItemInput:
		if in.hit(in.rates.Unprocessed) {
			return in.writeSome(ctx, input, p, next)
		}
	}
	return next.HandleInitialize(ctx, input)
}

func (in *Injector) getSome(
	ctx context.Context, input middleware.InitializeInput, p *dynamodb.BatchGetItemInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	some, rest := *p, map[string]types.KeysAndAttributes{}
	some.RequestItems = map[string]types.KeysAndAttributes{}
	for name, ka := range p.RequestItems {
		n := in.intN(len(ka.Keys)) + 1 // a request is never empty
		do, left := ka, ka
		do.Keys, left.Keys = ka.Keys[:n], ka.Keys[n:]
		some.RequestItems[name] = do
		if len(left.Keys) > 0 {
			rest[name] = left
		}
	}
	input.Parameters = &some
	out, md, err := next.HandleInitialize(ctx, input)
	if r, ok := out.Result.(*dynamodb.BatchGetItemOutput); ok && err == nil {
		r.UnprocessedKeys = rest
	}
	return out, md, err
}

func (in *Injector) writeSome(
	ctx context.Context, input middleware.InitializeInput, p *dynamodb.BatchWriteItemInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	some, rest := *p, map[string][]types.WriteRequest{}
	some.RequestItems = map[string][]types.WriteRequest{}
	for name, writes := range p.RequestItems {
		n := in.intN(len(writes)) + 1
		some.RequestItems[name] = writes[:n]
		if n < len(writes) {
			rest[name] = writes[n:]
		}
	}
	input.Parameters = &some
	out, md, err := next.HandleInitialize(ctx, input)
	if r, ok := out.Result.(*dynamodb.BatchWriteItemOutput); ok && err == nil {
		r.UnprocessedItems = rest
	}
	return out, md, err
}

// finalize sees each try of each request.
func (in *Injector) finalize(
	ctx context.Context, input middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	params := middleware.GetStackValue(ctx, inputKey{})
	if !ofItems(params) {
		return next.HandleFinalize(ctx, input)
	}
	if err := in.before(ctx, params); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	out, md, err := next.HandleFinalize(ctx, input)
	if err == nil && (repeatable(params) && in.hit(in.rates.Lost) || !adds(params) && in.hit(in.rates.LostAny)) {
		return middleware.FinalizeOutput{}, md, serverError()
	}
	return out, md, err
}

func (in *Injector) before(ctx context.Context, params any) error {
	if in.hit(in.rates.Slow) {
		if err := table.Wait(ctx, in.rates.SlowFor); err != nil {
			return err
		}
	}
	if in.hit(in.rates.Throttle) {
		return &types.ProvisionedThroughputExceededException{Message: aws.String("injected")}
	}
	if in.hit(in.rates.ServerError) {
		return serverError()
	}
	switch p := params.(type) {
	case *dynamodb.PutItemInput, *dynamodb.UpdateItemInput, *dynamodb.DeleteItemInput:
		if in.hit(in.rates.Conflict) {
			return &types.TransactionConflictException{Message: aws.String("injected")}
		}
	case *dynamodb.TransactWriteItemsInput:
		if in.hit(in.rates.Conflict) {
			return in.canceled(len(p.TransactItems))
		}
	}
	return nil
}

// canceled returns the error of a transaction that conflicts with another one,
// or with itself under way.
func (in *Injector) canceled(n int) error {
	if in.intN(2) == 0 {
		return &types.TransactionInProgressException{Message: aws.String("injected")}
	}
	reasons := make([]types.CancellationReason, n)
	for i := range reasons {
		reasons[i].Code = aws.String("None")
	}
	reasons[in.intN(n)].Code = aws.String("TransactionConflict")
	return &types.TransactionCanceledException{Message: aws.String("injected"), CancellationReasons: reasons}
}

func serverError() error {
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusInternalServerError}},
		Err:      &types.InternalServerError{Message: aws.String("injected")},
	}
}

func ofItems(params any) bool {
	switch params.(type) {
	case *dynamodb.GetItemInput, *dynamodb.BatchGetItemInput, *dynamodb.QueryInput, *dynamodb.ScanInput,
		*dynamodb.PutItemInput, *dynamodb.DeleteItemInput, *dynamodb.UpdateItemInput, *dynamodb.BatchWriteItemInput, *dynamodb.TransactWriteItemsInput:
		return true
	}
	return false
}

// adds reports whether a request adds to a number.
func adds(params any) bool {
	u, ok := params.(*dynamodb.UpdateItemInput)
	return ok && strings.Contains(aws.ToString(u.UpdateExpression), "ADD ")
}

// repeatable reports whether a request that was applied has the same result
// when it comes again.
func repeatable(params any) bool {
	switch p := params.(type) {
	case *dynamodb.PutItemInput:
		return p.ConditionExpression == nil
	case *dynamodb.DeleteItemInput:
		return p.ConditionExpression == nil
	case *dynamodb.UpdateItemInput:
		return false
	}
	return ofItems(params)
}
