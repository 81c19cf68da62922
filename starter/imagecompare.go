package main

import "imagebatch/workflows/contract"

type imageCompare struct {
	Instance string `arg:"" help:"Instance whose rules hold for the pictures."`
	First    string `arg:"" help:"A picture: a file on this machine, or oss://bucket/key."`
	Second   string `arg:"" help:"Another one."`
	RoleARN  string `name:"role-arn" placeholder:"ARN" help:"RAM role to read the buckets with."`
}

// Run compares the pictures. Nothing is stored.
func (c *imageCompare) Run(a *app) error {
	first, err := sourceOf(c.First, c.RoleARN)
	if err != nil {
		return err
	}
	second, err := sourceOf(c.Second, c.RoleARN)
	if err != nil {
		return err
	}
	in := contract.CompareInput{Instance: c.Instance, Primary: first.content(), Secondary: second.content()}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	if in.Primary, err = a.place(first); err != nil {
		return err
	}
	if in.Secondary, err = a.place(second); err != nil {
		return err
	}
	compared, err := operate(a.ctx, a, contract.CompareSimilarByImage, operationLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(compared)
	}
	return a.printf("%.4f\n", compared.Score)
}
