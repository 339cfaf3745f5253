//! Names of enumerations: in files, on the command line and in tables.

/// Implements `name`, `Display` and `FromStr` for an enumeration with a list `ALL`. `$alias` are further names.
macro_rules! named {
    ($type:ident, $what:literal, { $($variant:ident => $name:literal $(| $alias:literal)*),* $(,)? }) => {
        impl $type {
            /// Its name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::ChainError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name $(| $alias)* => Ok(Self::$variant),)*
                    _ => Err($crate::ChainError::Name {
                        what: $what,
                        expected: Self::ALL.map(Self::name).join(", "),
                        found: name.to_owned(),
                    }),
                }
            }
        }
    };
}
pub(crate) use named;
