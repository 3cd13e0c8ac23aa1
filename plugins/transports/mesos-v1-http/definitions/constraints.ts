import { enumeration, type MessageDef, map, message, one, rep, req } from "./define.ts";

/** Enum `scheduler.AttributeConstraint.Selector.PseudoattributeType`. */
export const AttributeConstraintSelectorPseudoattributeType = enumeration(
  "scheduler.AttributeConstraint.Selector.PseudoattributeType",
  { UNKNOWN: 0, HOSTNAME: 1, REGION: 2, ZONE: 3 },
);

/** Message `scheduler.AttributeConstraint.Selector`. */
export const AttributeConstraintSelector = message("scheduler.AttributeConstraint.Selector", {
  pseudoattribute_type: one(1, AttributeConstraintSelectorPseudoattributeType),
  attribute_name: one(2, "str"),
});

/** Message `scheduler.AttributeConstraint.Predicate.Exists`. */
export const AttributeConstraintPredicateExists = message(
  "scheduler.AttributeConstraint.Predicate.Exists",
  {},
);

/** Message `scheduler.AttributeConstraint.Predicate.NotExists`. */
export const AttributeConstraintPredicateNotExists = message(
  "scheduler.AttributeConstraint.Predicate.NotExists",
  {},
);

/** Message `scheduler.AttributeConstraint.Predicate.TextEquals`. */
export const AttributeConstraintPredicateTextEquals = message(
  "scheduler.AttributeConstraint.Predicate.TextEquals",
  { value: req(1, "str") },
);

/** Message `scheduler.AttributeConstraint.Predicate.TextNotEquals`. */
export const AttributeConstraintPredicateTextNotEquals = message(
  "scheduler.AttributeConstraint.Predicate.TextNotEquals",
  { value: req(1, "str") },
);

/** Message `scheduler.AttributeConstraint.Predicate.TextMatches`. */
export const AttributeConstraintPredicateTextMatches = message(
  "scheduler.AttributeConstraint.Predicate.TextMatches",
  { regex: req(1, "str") },
);

/** Message `scheduler.AttributeConstraint.Predicate.TextNotMatches`. */
export const AttributeConstraintPredicateTextNotMatches = message(
  "scheduler.AttributeConstraint.Predicate.TextNotMatches",
  { regex: req(1, "str") },
);

/** Message `scheduler.AttributeConstraint.Predicate`. */
export const AttributeConstraintPredicate = message("scheduler.AttributeConstraint.Predicate", {
  exists: one(1, AttributeConstraintPredicateExists),
  not_exists: one(2, AttributeConstraintPredicateNotExists),
  text_equals: one(3, AttributeConstraintPredicateTextEquals),
  text_not_equals: one(4, AttributeConstraintPredicateTextNotEquals),
  text_matches: one(5, AttributeConstraintPredicateTextMatches),
  text_not_matches: one(6, AttributeConstraintPredicateTextNotMatches),
});

/** Message `scheduler.AttributeConstraint`. */
export const AttributeConstraint = message("scheduler.AttributeConstraint", {
  selector: req(1, AttributeConstraintSelector),
  predicate: req(2, AttributeConstraintPredicate),
});

/** Message `scheduler.OfferConstraints.RoleConstraints.Group`. */
export const OfferConstraintsRoleConstraintsGroup = message(
  "scheduler.OfferConstraints.RoleConstraints.Group",
  { attribute_constraints: rep(1, AttributeConstraint) },
);

/** Message `scheduler.OfferConstraints.RoleConstraints`. */
export const OfferConstraintsRoleConstraints = message(
  "scheduler.OfferConstraints.RoleConstraints",
  { groups: rep(1, OfferConstraintsRoleConstraintsGroup) },
);

const offerConstraintsFields = { role_constraints: map(1, OfferConstraintsRoleConstraints) };
/**
 * Definition of `scheduler.OfferConstraints`; an interface, so that declarations show its name
 * alone.
 */
export interface OfferConstraintsDef extends MessageDef<typeof offerConstraintsFields> {}
/** Message `scheduler.OfferConstraints`. */
export const OfferConstraints: OfferConstraintsDef = message(
  "scheduler.OfferConstraints",
  offerConstraintsFields,
);
