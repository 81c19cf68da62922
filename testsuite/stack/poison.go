package stack

import (
	"context"
	"fmt"
	"os/exec"
)

// poisonWord begins the orders that a decoder built with the tag poison obeys.
const poisonWord = "imagebatch-poison:"

// Poisoned is a picture with an order in it, such as "pixels:abort": the stage at
// which it is obeyed, header or pixels, and what to do, which is abort, hang or
// memory. What follows the order is ignored.
func Poisoned(picture []byte, order string) []byte {
	return append(append([]byte{}, picture...), poisonWord+order...)
}

// BuildPoisonable builds a worker whose decoder obeys poisoned pictures. It needs
// the source code: the working folder lies within the module.
func BuildPoisonable(ctx context.Context, program string) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-tags", "poison", "-o", program, "imagebatch/worker").CombinedOutput(); err != nil {
		return fmt.Errorf("build the worker with the tag poison: %w: %s", err, out)
	}
	return nil
}
