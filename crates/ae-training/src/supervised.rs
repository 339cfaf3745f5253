//! Supervised training on an encoder: fine-tuning for classification, and greedy layer-wise pre-training.
//!
//! [`pretrain_layers`] trains a deep (denoising) autoencoder one layer at a time. [`Classifier::on_encoder`] puts a
//! softmax layer on the code of a trained network, and [`fine_tune`] trains all its weights on labels. Both together
//! are the stacked (denoising) autoencoder of Vincent, Larochelle, Lajoie, Bengio and Manzagol (JMLR 11, 2010, section
//! 3).

mod classifier;
mod fine_tune;
mod pretrain;

pub use classifier::{Classifier, LabelledImages};
pub use fine_tune::{FineTuned, FineTuningConfig, FineTuningEpoch, fine_tune};
pub use pretrain::{LayerStage, Pretrained, Pretraining, check_pretrainable, pretrain_layers};
